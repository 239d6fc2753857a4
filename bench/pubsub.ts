/**
 * What a message costs the server when many clients are subscribed to its channel: CPU time per
 * delivered message. The servers take turns, several rounds, medians.
 *
 * All subscribers have read all messages of a pipeline before the next is published, so that
 * neither server can save system calls by falling behind.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { reportOf } from './child-reports.ts';
import { runCommand } from './command-line.ts';
import { cpuMicrosBetween, readCpu } from './cpu.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { encodeCommand } from './requests.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { median } from './statistics.ts';
import type { Expectation, SubscribeOrder, SubscriberReport } from './subscriber-process.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:pubsub -- [options]

CPU time of the server per delivered message of PUBLISH.

  --subscribers N     clients subscribed to the channel (1000)
  --bytes N           bytes of a message (64)
  --pipelines N       pipelines published per round (100)
  --rounds N          rounds per server and depth of the pipeline (5)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

const CHANNEL = 'news';
/** PUBLISH commands sent together. */
const DEPTHS = [1, 16];

/** A server with its subscribers and one publisher. */
class Audience {
  readonly server: Server;
  readonly #subscribers: number;
  readonly #child: ChildProcess;
  readonly #publisher: Socket;

  private constructor(server: Server, subscribers: number, child: ChildProcess, publisher: Socket) {
    this.server = server;
    this.#subscribers = subscribers;
    this.#child = child;
    this.#publisher = publisher;
  }

  static async gather(server: Server, subscribers: number): Promise<Audience> {
    const order: SubscribeOrder = { port: server.port, channel: CHANNEL, subscribers };
    const module = fileURLToPath(new URL('subscriber-process.ts', import.meta.url));
    const child = fork(module, [JSON.stringify(order)]);
    const publisher = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
    await Promise.all([
      reportOf<SubscriberReport>(child, 'subscribed'),
      once(publisher, 'connect'),
    ]);
    return new Audience(server, subscribers, child, publisher);
  }

  /** Microseconds of the server's CPU per delivered message. */
  async measure(message: string, depth: number, pipelines: number): Promise<number> {
    const pipeline = Buffer.concat(Array(depth).fill(encodeCommand(['PUBLISH', CHANNEL, message])));
    const delivered = encodeCommand(['message', CHANNEL, message]).length;
    const answered = `:${this.#subscribers}\r\n`.length;
    const bytes = delivered * depth * this.#subscribers;
    const before = readCpu(this.server.pid);
    for (let i = 0; i < pipelines; i++) {
      const read = reportOf<SubscriberReport>(this.#child, 'read');
      this.#child.send({ bytes } satisfies Expectation);
      this.#publisher.write(pipeline);
      await Promise.all([this.#untilAnswered(answered * depth), read]);
    }
    const micros = cpuMicrosBetween(before, readCpu(this.server.pid));
    return micros / (pipelines * depth * this.#subscribers);
  }

  disperse(): void {
    this.#publisher.destroy();
    this.#child.kill();
  }

  async #untilAnswered(bytes: number): Promise<void> {
    let left = bytes;
    while (left > 0) {
      const [data] = (await once(this.#publisher, 'data')) as [Buffer];
      if (data[0] === 0x2d) throw new Error(`${this.server.name}: ${data.toString().trim()}`);
      left -= data.length;
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      subscribers: { type: 'string' },
      bytes: { type: 'string' },
      pipelines: { type: 'string' },
      rounds: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const subscribers = optionalCount('subscribers', values.subscribers) ?? 1_000;
  const message = 'x'.repeat(optionalCount('bytes', values.bytes) ?? 64);
  const pipelines = optionalCount('pipelines', values.pipelines) ?? 100;
  const rounds = optionalCount('rounds', values.rounds) ?? 5;

  const servers = await startServers([subjectOf(values), redisCommand]);
  const progress = new Progress(servers.length * DEPTHS.length * (rounds + 1));
  const audiences: Audience[] = [];
  try {
    for (const server of servers) audiences.push(await Audience.gather(server, subscribers));
    const found = new Map(
      audiences.map((audience) => [audience, DEPTHS.map(() => [] as number[])]),
    );
    // Round 0 is for the compilers and the caches.
    for (let round = 0; round <= rounds; round++) {
      for (const [i, depth] of DEPTHS.entries()) {
        for (const audience of audiences) {
          progress.doing(`round ${round}, ${audience.server.name}`);
          const micros = await audience.measure(message, depth, pipelines);
          if (round > 0) found.get(audience)![i]!.push(micros);
          progress.advance();
        }
      }
    }
    progress.stop();
    report([...found].map(([audience, micros]) => [audience.server.name, micros.map(median)]));
    console.log(`\n${subscribers} subscribers, messages of ${message.length} bytes.`);
  } finally {
    progress.stop();
    for (const audience of audiences) audience.disperse();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function report(found: readonly (readonly [name: string, medians: readonly number[]])[]): void {
  const columns = [
    { title: 'us of CPU per delivered message', align: 'left' as const },
    ...DEPTHS.map((depth) => ({ title: `pipeline ${depth}` })),
  ];
  const rows = found.map(([name, medians]) => [
    name,
    ...medians.map((micros) => micros.toFixed(3)),
  ]);
  const [subject, redis] = found.map(([, medians]) => medians);
  rows.push(['ratio', ...subject!.map((micros, i) => (micros / redis![i]!).toFixed(2))]);
  console.log(formatTable(columns, rows));
}

runCommand(main);

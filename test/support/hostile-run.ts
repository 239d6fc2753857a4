/**
 * Lets many hostile clients loose on a server, while one honest client goes on working with it, and
 * says whether the server took it well.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { hostileInput } from './hostile-inputs.ts';
import { RawSocket } from './raw-socket.ts';
import { RespClient } from './resp-client.ts';
import { parseReply, type Reply } from './resp-reply.ts';
import { SeededRandom } from './seeded-random.ts';
import type { RunningServer } from './server.ts';
import { infoNumber, untilClients } from './server-info.ts';

const MEBIBYTE = 1024 * 1024;

/** How the server of a run is to be started. */
export const HOSTILE_FLAGS: readonly string[] = [
  ...['--client-output-buffer-limit', 'normal', '8mb', '4mb', '1'],
  ...['--client-query-buffer-limit', '4mb', '--maxclients', '200'],
];

/** More than this above where it began, the server holds on to what it should not. */
export const RESIDENT_GROWTH_MAX: number = 192 * MEBIBYTE;

/** Clients at work at the same time. */
const CLIENTS = 32;
/** Every so many inputs one client asks for more than it will ever read. */
const DEAF_EVERY = 1_000;

/** What was seen in a run. */
export interface HostileReport {
  readonly inputs: number;
  readonly inputBytes: number;
  /** Replies to hostile clients that were read and found whole. */
  readonly repliesChecked: number;
  readonly seconds: number;
  /** Rounds of the honest client, and the slowest. */
  readonly honestRounds: number;
  readonly honestMsMax: number;
  readonly residentBytes: {
    readonly before: number;
    readonly peak: number;
    readonly after: number;
  };
  readonly usedMemory: { readonly before: number; readonly after: number };
}

/**
 * Sends so many inputs; input `i` depends on the seed and `i` alone. Throws at the first thing that
 * is wrong, with the inputs that were under way.
 */
export async function runHostileClients(
  server: RunningServer,
  seed: number,
  inputs: number,
): Promise<HostileReport> {
  const run = new HostileRun(server, await RespClient.connect(server.port), seed, inputs);
  return await run.run();
}

/** What was seen, in lines for people. */
export function describeReport(report: HostileReport): string {
  const { inputs, seconds, residentBytes, usedMemory } = report;
  const mib = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
  return [
    `${inputs} inputs of ${mib(report.inputBytes)} in ${seconds.toFixed(1)} s, ` +
      `${report.repliesChecked} replies checked`,
    `honest client: ${report.honestRounds} rounds right, ` +
      `the slowest in ${report.honestMsMax.toFixed(1)} ms`,
    `resident: ${mib(residentBytes.before)} before, ${mib(residentBytes.peak)} at most, ` +
      `${mib(residentBytes.after)} after; bound ${mib(residentBytes.before + RESIDENT_GROWTH_MAX)}`,
    `used_memory: ${usedMemory.before} before, ${usedMemory.after} after`,
  ].join('\n');
}

/** Input `i` of a run. */
function inputOfRun(seed: number, i: number): Buffer {
  return hostileInput(randomOfInput(seed, i));
}

/** What a client of this input is to draw from beside its bytes must come behind them. */
function randomOfInput(seed: number, i: number): SeededRandom {
  return new SeededRandom(Math.imul(seed ^ (i * 0x9e3779b1), 0x85ebca6b) ^ i);
}

class HostileRun {
  readonly #server: RunningServer;
  readonly #admin: RespClient;
  readonly #seed: number;
  readonly #inputs: number;
  readonly #underWay = new Set<number>();
  #next = 0;
  #inputBytes = 0;
  #repliesChecked = 0;
  #residentPeak = 0;
  #over = false;
  #honestRounds = 0;
  #honestMsMax = 0;
  #failure: Error | undefined;

  constructor(server: RunningServer, admin: RespClient, seed: number, inputs: number) {
    this.#server = server;
    this.#admin = admin;
    this.#seed = seed;
    this.#inputs = inputs;
  }

  async run(): Promise<HostileReport> {
    const admin = this.#admin;
    await admin.call('SET', 'big', Buffer.alloc(MEBIBYTE, 'x'));
    const clients = await infoNumber(admin, 'clients', 'connected_clients');
    const before = await this.#residentBytes();
    const usedBefore = await infoNumber(admin, 'memory', 'used_memory');
    this.#residentPeak = before;
    const startMs = performance.now();
    const honest = this.#workHonestly().catch((problem: unknown) => this.#fail(problem));
    await Promise.all(Array.from({ length: CLIENTS }, () => this.#workHostilely()));
    this.#over = true;
    await honest;
    if (this.#failure !== undefined) throw this.#failure;
    const seconds = (performance.now() - startMs) / 1000;
    await untilClients(admin, clients);
    await this.#removeHostileKeys();
    const after = await this.#residentBytes();
    const usedAfter = await infoNumber(admin, 'memory', 'used_memory');
    this.#checkServer();
    await admin.close();
    return {
      inputs: this.#inputs,
      inputBytes: this.#inputBytes,
      repliesChecked: this.#repliesChecked,
      seconds,
      honestRounds: this.#honestRounds,
      honestMsMax: this.#honestMsMax,
      residentBytes: { before, peak: this.#residentPeak, after },
      usedMemory: { before: usedBefore, after: usedAfter },
    };
  }

  async #workHostilely(): Promise<void> {
    while (this.#next < this.#inputs && !this.#over) {
      const i = this.#next++;
      this.#underWay.add(i);
      try {
        if (i % DEAF_EVERY === DEAF_EVERY - 1) await this.#beDeaf();
        else await this.#send(i);
        if (i % 500 === 0) this.#checkServer();
      } catch (problem) {
        this.#fail(problem);
      }
      this.#underWay.delete(i);
    }
  }

  /** One client: connects, says its piece, and leaves in one of several ways. */
  async #send(i: number): Promise<void> {
    const random = randomOfInput(this.#seed, i);
    const input = hostileInput(random);
    this.#inputBytes += input.length;
    const socket = await RawSocket.connect(this.#server.port);
    switch (random.integer(1, 10)) {
      case 1:
        await socket.write(input);
        socket.reset();
        return;
      case 2:
        socket.pause();
        await socket.write(input);
        socket.close();
        return;
      case 3:
        await writeInPieces(socket, input, random);
        break;
      default:
        await socket.write(input);
    }
    // Every reply that is due comes before the end, and nothing that is none.
    socket.endWriting();
    const output = await socket.takeAll();
    if (socket.ending === 'closed') this.#repliesChecked += countReplies(output);
  }

  /** Asks for 40 MiB of replies, reads none, and waits to be thrown out. */
  async #beDeaf(): Promise<void> {
    const socket = await RawSocket.connect(this.#server.port);
    socket.pause();
    await socket.write('GET big\r\n'.repeat(40));
    await sleep(50);
    socket.resume();
    await socket.untilEnded(10_000);
    if (socket.length >= 40 * MEBIBYTE) throw new Error('a client that does not read was kept');
    socket.close();
  }

  /** Writes and reads with known answers until the run is over. */
  async #workHonestly(): Promise<void> {
    const client = await RespClient.connect(this.#server.port);
    const expect = (about: string, reply: Reply, wanted: Reply): void => {
      if (same(reply, wanted)) return;
      throw new Error(`${about}: ${describe(reply)} instead of ${describe(wanted)}`);
    };
    for (let i = 1; !this.#over; i++) {
      const startMs = performance.now();
      const value = Buffer.from(`value ${i} `.repeat((i % 50) + 1));
      const key = `honest:${i % 100}`;
      expect('INCR', await client.call('INCR', 'honest'), { type: 'integer', value: BigInt(i) });
      expect('SET', await client.call('SET', key, value), { type: 'simple', text: 'OK' });
      expect('GET', await client.call('GET', key), { type: 'bulk', bytes: value });
      this.#honestRounds = i;
      this.#honestMsMax = Math.max(this.#honestMsMax, performance.now() - startMs);
      if (i % 200 === 0) await this.#residentBytes();
      await sleep(1);
    }
    await client.call('DEL', 'honest', ...Array.from({ length: 100 }, (_, i) => `honest:${i}`));
    await client.close();
  }

  async #residentBytes(): Promise<number> {
    const bytes = await infoNumber(this.#admin, 'memory', 'used_memory_rss');
    this.#residentPeak = Math.max(this.#residentPeak, bytes);
    return bytes;
  }

  /** Whatever the damage made of the keys, all but `big` are of hostile clients. */
  async #removeHostileKeys(): Promise<void> {
    // The names alone may be more than a client may leave unread.
    await this.#admin.call('CONFIG', 'SET', 'client-output-buffer-limit', 'normal 0 0 0');
    const reply = await this.#admin.call('KEYS', '*');
    if (reply.type !== 'array') throw new Error(`KEYS answered ${reply.type}`);
    for (const key of reply.items) {
      if (key.type !== 'bulk') throw new Error(`KEYS gave a ${key.type}`);
      if (key.bytes.toString('latin1') !== 'big') await this.#admin.call('DEL', key.bytes);
    }
  }

  #checkServer(): void {
    const { process } = this.#server;
    if (process.exitCode !== null || process.signalCode !== null) {
      throw new Error(`the server ended with ${process.exitCode ?? process.signalCode}`);
    }
    if (this.#server.output().includes('failed unexpectedly')) {
      throw new Error('a command broke down');
    }
  }

  /** Ends the run: keeps what went wrong first, and what was going on then. */
  #fail(problem: unknown): void {
    this.#over = true;
    this.#failure ??= new Error(`${String(problem)}\n${this.#state()}`);
  }

  #state(): string {
    const inputs = [...this.#underWay].map((i) => {
      const text = inputOfRun(this.#seed, i).toString('latin1');
      return `input ${i}: ${JSON.stringify(text.slice(0, 2_000))}`;
    });
    const output = this.#server.output().slice(-5_000);
    return [`SEED=${this.#seed}`, ...inputs, 'output of the server:', output].join('\n');
  }
}

async function writeInPieces(
  socket: RawSocket,
  input: Buffer,
  random: SeededRandom,
): Promise<void> {
  const PIECES_MAX = 60;
  const lengthMax = Math.ceil((2 * input.length) / PIECES_MAX);
  for (let at = 0; at < input.length; ) {
    const end = at + random.integer(1, Math.max(1, lengthMax));
    await socket.write(input.subarray(at, end));
    await new Promise((resolve) => setImmediate(resolve));
    at = end;
  }
}

/** How many replies the bytes are; throws unless all of them are whole. */
function countReplies(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    const parsed = parseReply(bytes, at);
    if (parsed === null) {
      throw new Error(`a reply is cut off: ${JSON.stringify(bytes.toString('latin1', at))}`);
    }
    at = parsed.end;
  }
  return count;
}

function same(left: Reply, right: Reply): boolean {
  return describe(left) === describe(right);
}

function describe(reply: Reply): string {
  return JSON.stringify(reply, (_, value) => (typeof value === 'bigint' ? String(value) : value));
}

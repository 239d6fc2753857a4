/**
 * What durability costs, Redstart and redis-server in turns: latencies under a steady load while a
 * snapshot is saved and while the append-only file is rewritten, the memory that takes, the time to
 * load a snapshot, and the CPU that `appendfsync everysec` adds to each SET.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { stolenMillis } from './cpu.ts';
import { fill } from './datasets.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import type { PacedOrder } from './paced-process.ts';
import { Progress } from './progress.ts';
import { INDEX } from './requests.ts';
import { redisCommand, Server, type ServerCommand, startServers } from './servers.ts';
import { measureStart, microsPerSet, settleDisk } from './snapshot-costs.ts';
import {
  extraBytesDuringSave,
  type Latencies,
  latenciesDuring,
  type Phase,
  untilOver,
} from './snapshot-phases.ts';
import { median } from './statistics.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:snapshot -- [options]

What clients feel while data are saved, what that takes, and what loading takes.

  --keys N            keys under load (2000000); half as many are loaded from a snapshot
  --rate N            commands per second, half of them writes (20000)
  --rounds N          rounds per server (3)
  --only A,B          only some of it: saving, loading, appending
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

const VALUE_BYTES = 64;
const CONNECTIONS = 20;
const PHASES: readonly Phase[] = ['quiet', 'BGSAVE', 'rewrite'];
/** Targets of the design. */
const P999_MS_MAX = 4;
const EXTRA_MB_MAX = 16;
const LOAD_RATIO_MAX = 1.5;
const APPEND_RATIO_MAX = 1.15;
const SET_KEYS = 200_000;
const SETS_PER_ROUND = 500_000;
const START_ROUNDS = 5;

/** A row of the table: what, ours, theirs, and whether that is what was wanted. */
type Row = readonly [what: string, subject: string, redis: string, target: string, verdict: string];

interface Order {
  readonly commands: readonly [subject: ServerCommand, redis: ServerCommand];
  readonly keys: number;
  readonly rounds: number;
  readonly load: Omit<PacedOrder, 'port'>;
  readonly progress: Progress;
}

function strings(count: number) {
  const command = ['SET', `key:${INDEX}`, 'x'.repeat(VALUE_BYTES)];
  return { name: `${count} strings`, command, count, keys: count };
}

/** Latencies and memory of both, round by round in turns. */
async function measureSaving({ commands, keys, rounds, load, progress }: Order): Promise<Row[]> {
  const servers = await startServers(commands);
  try {
    const controls = await Promise.all(servers.map(({ port }) => Control.connect(port)));
    for (const [i, server] of servers.entries()) await fill(server, controls[i]!, strings(keys));
    const extra = new Map<Server, number>();
    const found = new Map(servers.map((server) => [server, new Map<Phase, Latencies[]>()]));
    for (const [i, server] of servers.entries()) {
      progress.doing(`memory of ${server.name}`);
      extra.set(server, await extraBytesDuringSave(server, controls[i]!, load));
      // The changes are written down from now on, so that there is something to rewrite.
      await controls[i]!.call('CONFIG', 'SET', 'auto-aof-rewrite-percentage', '0');
      await controls[i]!.call('CONFIG', 'SET', 'appendonly', 'yes');
      await untilOver(controls[i]!, 'aof_rewrite_in_progress');
      progress.advance();
    }
    for (let round = 1; round <= rounds; round++) {
      for (const phase of PHASES) {
        for (const [i, server] of servers.entries()) {
          progress.doing(`round ${round}, ${phase}, ${server.name}`);
          await settleDisk();
          const seen = await latenciesDuring(server, controls[i]!, phase, load);
          const phases = found.get(server)!;
          phases.set(phase, [...(phases.get(phase) ?? []), seen]);
          progress.done(`${server.name}, ${phase}: ${describe(seen)}`);
          progress.advance();
        }
      }
    }
    for (const control of controls) control.close();
    return savingRows(
      servers.map((server) => found.get(server)!),
      [...extra.values()],
    );
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function describe({ p50Ms, p999Ms, worstMs, tookMs, starvedMs, lateMsMax }: Latencies): string {
  return (
    `p50 ${p50Ms.toFixed(2)}, p99.9 ${p999Ms.toFixed(2)}, worst ${worstMs.toFixed(2)} ms in ` +
    `${tookMs.toFixed(0)} ms, without CPU ${starvedMs.toFixed(0)} ms, ` +
    `load late by ${lateMsMax.toFixed(0)}`
  );
}

function savingRows(found: readonly Map<Phase, Latencies[]>[], extra: readonly number[]): Row[] {
  const rows: Row[] = [];
  const of = (i: number, phase: Phase, figure: keyof Latencies) =>
    median(found[i]!.get(phase)!.map((round) => round[figure]));
  for (const phase of PHASES) {
    const [ours, theirs] = [of(0, phase, 'p999Ms'), of(1, phase, 'p999Ms')];
    const isGood = ours <= P999_MS_MAX && ours < theirs;
    rows.push([
      `p99.9, ${phase}, ms`,
      ours.toFixed(2),
      theirs.toFixed(2),
      phase === 'quiet' ? '' : `${P999_MS_MAX}, and less than Redis`,
      phase === 'quiet' ? '' : verdict(isGood),
    ]);
    const worst = [of(0, phase, 'worstMs'), of(1, phase, 'worstMs')];
    rows.push([`worst, ${phase}, ms`, worst[0]!.toFixed(2), worst[1]!.toFixed(2), '', '']);
    const took = [of(0, phase, 'tookMs'), of(1, phase, 'tookMs')];
    if (phase !== 'quiet') {
      rows.push([`${phase} took, s`, ...took.map(seconds), '', ''] as unknown as Row);
    }
  }
  const [ours, theirs] = extra.map((bytes) => bytes / 2 ** 20);
  rows.push([
    'memory beyond, BGSAVE, MB',
    ours!.toFixed(1),
    theirs!.toFixed(1),
    String(EXTRA_MB_MAX),
    verdict(ours! <= EXTRA_MB_MAX),
  ]);
  return rows;
}

/** The time to load the same snapshot, which is one that Redis has written. */
async function measureLoading({ commands, keys, progress }: Order): Promise<Row[]> {
  const dir = await mkdtemp(join(tmpdir(), 'redstart-bench-load-'));
  const empty = await mkdtemp(join(tmpdir(), 'redstart-bench-empty-'));
  try {
    await writeSnapshot(dir, keys / 2);
    const spent = commands.map(() => ({ took: [] as number[], cpu: [] as number[] }));
    for (let round = 0; round <= START_ROUNDS; round++) {
      for (const [i, command] of commands.entries()) {
        progress.doing(`start of ${command.name}`);
        const without = await measureStart(command, empty);
        const full = await measureStart(command, dir);
        progress.advance();
        // The first of each fills the page cache.
        if (round === 0) continue;
        spent[i]!.took.push(full.tookMs - without.tookMs);
        spent[i]!.cpu.push(full.cpuMs - without.cpuMs);
      }
    }
    const [ours, theirs] = spent.map(({ took }) => median(took));
    const [ourCpu, theirCpu] = spent.map(({ cpu }) => median(cpu));
    const ratio = ours! / theirs!;
    const target = `${LOAD_RATIO_MAX} times Redis`;
    return [
      [
        `load ${keys / 2} keys, s`,
        seconds(ours!),
        seconds(theirs!),
        target,
        ratioVerdict(ratio, LOAD_RATIO_MAX),
      ],
      [
        'of that CPU, s',
        seconds(ourCpu!),
        seconds(theirCpu!),
        '',
        (ourCpu! / theirCpu!).toFixed(2),
      ],
    ];
  } finally {
    await rm(dir, { recursive: true });
    await rm(empty, { recursive: true });
  }
}

async function writeSnapshot(dir: string, keys: number): Promise<void> {
  const server = await Server.start({ ...redisCommand, command: ['redis-server', '--dir', dir] });
  try {
    const control = await Control.connect(server.port);
    await fill(server, control, strings(keys));
    await control.call('SAVE');
    control.close();
  } finally {
    await server.stop();
  }
}

/** The CPU of SET with the append-only file and without, on servers of the same kind in turns. */
async function measureAppending({ commands, rounds, progress }: Order): Promise<Row[]> {
  const [subject, redis] = commands;
  const servers = await startServers([subject, subject, redis, redis]);
  try {
    const spent = new Map<Server, number[]>(servers.map((server) => [server, []]));
    for (const [i, server] of servers.entries()) {
      const control = await Control.connect(server.port);
      await control.call('CONFIG', 'SET', 'auto-aof-rewrite-percentage', '0');
      await control.call('CONFIG', 'SET', 'appendfsync', 'everysec');
      if (i % 2 === 1) await control.call('CONFIG', 'SET', 'appendonly', 'yes');
      await untilOver(control, 'aof_rewrite_in_progress');
      await fill(server, control, strings(SET_KEYS));
      control.close();
    }
    for (let round = 0; round <= 2 * rounds; round++) {
      for (const server of servers) {
        progress.doing('SET with and without the append-only file');
        const micros = await microsPerSet(server, SETS_PER_ROUND, SET_KEYS);
        if (round > 0) spent.get(server)!.push(micros);
        progress.advance();
      }
    }
    const medians = servers.map((server) => median(spent.get(server)!));
    const [without, appending, theirWithout, theirAppending] = medians;
    const ratios = [appending! / without!, theirAppending! / theirWithout!];
    return [
      [
        'CPU per SET, no append-only file, us',
        without!.toFixed(2),
        theirWithout!.toFixed(2),
        '',
        '',
      ],
      ['CPU per SET, everysec, us', appending!.toFixed(2), theirAppending!.toFixed(2), '', ''],
      [
        'everysec / none',
        ratios[0]!.toFixed(2),
        ratios[1]!.toFixed(2),
        String(APPEND_RATIO_MAX),
        verdict(ratios[0]! <= APPEND_RATIO_MAX),
      ],
    ];
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}

function verdict(isGood: boolean): string {
  return isGood ? 'pass' : 'MISS';
}

function ratioVerdict(ratio: number, max: number): string {
  return `${ratio.toFixed(2)} ${verdict(ratio <= max)}`;
}

const PARTS = { saving: measureSaving, loading: measureLoading, appending: measureAppending };
type Part = keyof typeof PARTS;

/** The parts that were asked for; all of them by default. */
function partsOf(list: string | undefined): Part[] {
  const all = Object.keys(PARTS) as Part[];
  const names = list?.split(',') ?? all;
  const unknown = names.find((name) => !all.some((part) => part === name));
  if (unknown !== undefined)
    throw new Error(`there is no part '${unknown}', only ${all.join(', ')}`);
  return all.filter((part) => names.includes(part));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      keys: { type: 'string' },
      rate: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
      ...commonOptions,
    },
  });
  if (values.help) return console.log(HELP);
  const keys = optionalCount('keys', values.keys) ?? 2_000_000;
  const perSecond = optionalCount('rate', values.rate) ?? 20_000;
  const rounds = optionalCount('rounds', values.rounds) ?? 3;
  const parts = partsOf(values.only);
  const load = { connections: CONNECTIONS, perSecond, keys, valueBytes: VALUE_BYTES };
  const steps = {
    saving: 2 + rounds * PHASES.length * 2,
    loading: 2 * (START_ROUNDS + 1),
    appending: 4 * (2 * rounds + 1),
  };
  const progress = new Progress(parts.reduce((sum, part) => sum + steps[part], 0));
  const order: Order = {
    commands: [subjectOf(values), redisCommand],
    keys,
    rounds,
    load,
    progress,
  };
  const stolenBefore = stolenMillis();
  try {
    const rows: Row[] = [];
    for (const part of parts) rows.push(...(await PARTS[part](order)));
    progress.stop();
    const columns = [
      { title: `${keys} keys, ${perSecond} commands/s`, align: 'left' as const },
      { title: order.commands[0].name },
      { title: order.commands[1].name },
      { title: 'target' },
      { title: 'verdict', align: 'left' as const },
    ];
    console.log(
      formatTable(
        columns,
        rows.map((row) => [...row]),
      ),
    );
    const stolenMs = stolenMillis() - stolenBefore;
    console.log(`\nThe hypervisor kept the CPUs to itself for ${stolenMs} ms meanwhile.`);
  } finally {
    progress.stop();
  }
}

runCommand(main);

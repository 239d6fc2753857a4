/**
 * The server benchmark: Redstart and redis-server side by side, workload by workload, judged by CPU
 * time per operation. See README.md for what is measured and why.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from './command-line.ts';
import { Control } from './control.ts';
import { cpuMicrosBetween, readCpu } from './cpu.ts';
import { type Dataset, fill } from './datasets.ts';
import { runLoad } from './load.ts';
import { describeMachine, describeVersions } from './machine.ts';
import { type BenchOptions, HELP, parseOptions } from './options.ts';
import { Progress } from './progress.ts';
import { type LoadFigures, runRedisBenchmark } from './redis-benchmark.ts';
import { chartOf, tableOf } from './report.ts';
import { type Batch, cycleBatches } from './requests.ts';
import {
  type BenchResults,
  type Round,
  type SkippedWorkload,
  saveResults,
  summarise,
  type WorkloadResult,
} from './results.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { percentiles } from './statistics.ts';
import { type Workload, workloads } from './workloads.ts';
import { zipfBatches } from './zipf-requests.ts';

/**
 * Connections are closed and collectors finish after the last reply; that work belongs to the
 * round.
 */
const SETTLE_MS = 40;
const ZIPF_COMMANDS_BUILT = 800_000;
const RESULTS = new URL('results/', import.meta.url);

/** A server and the connection that gives it orders between rounds. */
interface Contestant {
  readonly server: Server;
  readonly control: Control;
}

class Benchmark {
  readonly #options: BenchOptions;
  readonly #contestants: readonly [Contestant, Contestant];
  readonly #progress: Progress;
  readonly #zipf = new Map<number, Batch[]>();
  #loaded: Dataset | undefined;

  constructor(options: BenchOptions, contestants: readonly [Contestant, Contestant]) {
    this.#options = options;
    this.#contestants = contestants;
    this.#progress = new Progress(options.workloads.length * 2 * (options.rounds + 1));
  }

  async run(): Promise<{ workloads: WorkloadResult[]; skipped: SkippedWorkload[] }> {
    const results: WorkloadResult[] = [];
    const skipped: SkippedWorkload[] = [];
    try {
      for (const workload of this.#options.workloads) {
        const reason = await this.#reasonToSkip(workload);
        if (reason === undefined) results.push(await this.#compare(workload));
        else {
          skipped.push({ name: workload.name, reason });
          this.#progress.advance(2 * (this.#options.rounds + 1));
        }
      }
    } finally {
      this.#progress.stop();
    }
    return { workloads: results, skipped };
  }

  async #reasonToSkip({ needs }: Workload): Promise<string | undefined> {
    for (const { server, control } of this.#contestants) {
      const known = await control.knownCommands(needs);
      const missing = needs.filter((name) => !known.has(name));
      if (missing.length > 0) return `${server.name} does not know ${missing.join(', ')}`;
    }
    return undefined;
  }

  /** A round on each server that is not counted, then counted rounds in turn: A B A B ... */
  async #compare(workload: Workload): Promise<WorkloadResult> {
    await this.#load(workload.dataset);
    const rounds: Round[][] = [[], []];
    for (let number = 0; number <= this.#options.rounds; number++) {
      for (const [i, contestant] of this.#contestants.entries()) {
        const label = number === 0 ? 'warm-up' : `round ${number}`;
        this.#progress.doing(`${workload.name}: ${label}, ${contestant.server.name}`);
        const round = await this.#round(workload, contestant);
        if (number > 0) rounds[i]!.push(round);
        this.#progress.advance();
      }
    }
    const [subject, reference] = [rounds[0]!, rounds[1]!];
    const { name, clients, pipeline, requests, target = null } = workload;
    const summary = summarise(subject, reference, target);
    this.#progress.done(`${name}: ${summary.ratio.toFixed(2)} (${summary.verdict})`);
    return { name, clients, pipeline, requests, target, subject, reference, summary };
  }

  async #load(dataset: Dataset): Promise<void> {
    if (this.#loaded === dataset) return;
    for (const { server, control } of this.#contestants) {
      this.#progress.doing(`loading ${dataset.name} into ${server.name}`);
      await fill(server, control, dataset);
    }
    this.#loaded = dataset;
  }

  async #round(workload: Workload, { server, control }: Contestant): Promise<Round> {
    if (workload.reset !== undefined) {
      const [command, ...args] = workload.reset;
      await control.call(command!, ...args);
    }
    const before = readCpu(server.pid);
    const figures = await this.#send(workload, server).catch((error: unknown) => {
      server.assertRunning();
      throw new Error(`${workload.name} on ${server.name} failed`, { cause: error });
    });
    await sleep(SETTLE_MS);
    const cpuMicros = cpuMicrosBetween(before, readCpu(server.pid));
    return { ...figures, cpuMicrosPerOp: cpuMicros / figures.commands };
  }

  async #send(workload: Workload, { port }: Server): Promise<LoadFigures> {
    const { load, clients, pipeline, requests } = workload;
    if (load !== 'zipf')
      return await runRedisBenchmark({ ...load, port, clients, pipeline, requests });
    const source = cycleBatches(this.#zipfBatches(pipeline), requests);
    const { commands, elapsedMs, latenciesMs } = await runLoad(source, {
      port,
      connections: clients,
    });
    const [p50Ms, p99Ms] = percentiles(latenciesMs, [0.5, 0.99]);
    return { commands, perSecond: (commands / elapsedMs) * 1000, p50Ms: p50Ms!, p99Ms: p99Ms! };
  }

  /** Built once, so that both servers are sent the same bytes. */
  #zipfBatches(pipeline: number): Batch[] {
    let batches = this.#zipf.get(pipeline);
    if (batches === undefined) {
      const mix = { keys: 1_000_000, exponent: 0.99, valueBytes: 64, writes: 0.1 };
      const { seed } = this.#options;
      batches = zipfBatches({ seed, ...mix }, ZIPF_COMMANDS_BUILT, pipeline);
      this.#zipf.set(pipeline, batches);
    }
    return batches;
  }
}

async function bench(options: BenchOptions): Promise<void> {
  const startedAt = new Date();
  const machine = describeMachine();
  const servers = await startServers([options.subject, redisCommand]);
  try {
    const [subject, reference] = await Promise.all(
      servers.map(async (server) => ({ server, control: await Control.connect(server.port) })),
    );
    const found = await new Benchmark(options, [subject!, reference!]).run();
    for (const { control } of [subject!, reference!]) control.close();

    const { rounds, seed, quick } = options;
    const results: BenchResults = {
      startedAt: startedAt.toISOString(),
      elapsedSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
      machine,
      versions: describeVersions(options.subjectNode),
      servers: servers.map(({ name, commandLine }) => ({ name, commandLine })),
      options: { rounds, seed, quick },
      ...found,
    };
    saveResults(RESULTS, results, chartOf(results));
    console.log(tableOf(results));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else if (options === 'list') console.log(workloads.map(({ name }) => name).join('\n'));
  else await bench(options);
}

runCommand(main);

/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { redstartCommand, type ServerCommand, typedCommand } from './servers.ts';
import { matching, type Workload, workloads } from './workloads.ts';

export const HELP = `Usage: npm run bench -- [options]

Compares Redstart with redis-server, side by side on this machine, by CPU time per operation.

  --quick             fewer workloads, rounds and requests; under two minutes
  --only A,B          only these workloads: GET, SET-64B-P16, HSET ... (see --list)
  --rounds N          counted rounds per workload and server (5; quick 3)
  --requests N        requests per round, instead of each workload's own number
  --clients N         connections, instead of each workload's own number
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place; --port and flags are added to CMD
  --seed N            seed of the zipf keys (default: the SEED variable, or 1)
  --list              names the workloads and ends
  --help              this text
`;

/** What every one of the benchmarks takes. */
export const commonOptions = {
  node: { type: 'string', default: process.execPath },
  subject: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export interface BenchOptions {
  readonly subject: ServerCommand;
  /** The node binary that runs the subject; undefined when that is no Redstart. */
  readonly subjectNode: string | undefined;
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly seed: number;
  readonly quick: boolean;
}

/** Parses arguments; throws with a readable message when they make no sense. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' | 'list' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      requests: { type: 'string' },
      clients: { type: 'string' },
      seed: { type: 'string', default: process.env.SEED ?? '1' },
      list: { type: 'boolean', default: false },
      ...commonOptions,
    },
  });
  if (values.help) return 'help';
  if (values.list) return 'list';
  const { quick } = values;
  const requests = optionalCount('requests', values.requests);
  const clients = optionalCount('clients', values.clients);
  const chosen = values.only === undefined ? defaultWorkloads(quick) : pickWorkloads(values.only);
  return {
    subject: subjectOf(values),
    subjectNode: values.subject === undefined ? values.node : undefined,
    workloads: chosen.map((workload) => ({
      ...workload,
      requests: requests ?? (quick ? quickRequests(workload) : workload.requests),
      clients: clients ?? workload.clients,
    })),
    rounds: optionalCount('rounds', values.rounds) ?? (quick ? 3 : 5),
    seed: count('seed', values.seed, 0),
    quick,
  };
}

/** A whole number of at least 1 given to `--name`, or undefined when the option was not given. */
export function optionalCount(name: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : count(name, text, 1);
}

function count(name: string, text: string, min: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < min) {
    throw new Error(`--${name} takes a whole number from ${min} on, not '${text}'`);
  }
  return value;
}

/** The server to be judged: Redstart under the given node, or whatever --subject says. */
export function subjectOf(values: { subject?: string | undefined; node: string }): ServerCommand {
  return values.subject === undefined ? redstartCommand(values.node) : typedCommand(values.subject);
}

function defaultWorkloads(quick: boolean): Workload[] {
  return workloads.filter((workload) => !quick || workload.quick);
}

function pickWorkloads(list: string): Workload[] {
  const picked = new Set<Workload>();
  for (const pattern of list.split(',')) {
    const found = matching(workloads, pattern);
    if (found.length === 0) throw new Error(`no workload is called '${pattern}' (see --list)`);
    for (const workload of found) picked.add(workload);
  }
  return workloads.filter((workload) => picked.has(workload));
}

/** A quarter of a second per round instead of one and a half. */
function quickRequests({ requests }: Workload): number {
  return Math.round(requests / 6);
}

/** Runs redis-benchmark and reads its figures. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface LoadFigures {
  readonly commands: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RedisBenchmarkOptions {
  readonly port: number;
  readonly clients: number;
  readonly pipeline: number;
  readonly requests: number;
  /** Every `__rand_int__` in the command becomes a number below this. */
  readonly keyspace: number;
  readonly command: readonly string[];
}

/**
 * One run of one command. redis-benchmark ends with an error at the first error reply, and so does
 * this. `requests` is rounded up to whole pipelines, which is what redis-benchmark really sends.
 */
export async function runRedisBenchmark(options: RedisBenchmarkOptions): Promise<LoadFigures> {
  const requests = Math.ceil(options.requests / options.pipeline) * options.pipeline;
  const flags = { p: options.port, c: options.clients, P: options.pipeline, r: options.keyspace };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  const { stdout, stderr } = await execute(
    'redis-benchmark',
    [...args, '-n', String(requests), '--csv', ...options.command],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  // It warns on standard error when CONFIG GET failed, which changes nothing in what it measures.
  const trouble = stderr.split('\n').filter((line) => line !== '' && !/^WARNING/.test(line));
  if (trouble.length > 0) throw new Error(`redis-benchmark: ${trouble.join('\n')}`);
  return { commands: requests, ...parseFigures(stdout) };
}

/** Throughput and latencies from the output of `redis-benchmark --csv` with a single test. */
export function parseFigures(csv: string): Omit<LoadFigures, 'commands'> {
  const [header, row, ...rest] = parseCsv(csv);
  if (header === undefined || row === undefined || rest.length > 0) {
    throw new Error(`unexpected output of redis-benchmark: ${csv.slice(0, 400)}`);
  }
  const field = (name: string) => {
    const value = Number(row[header.indexOf(name)]);
    if (Number.isNaN(value)) throw new Error(`redis-benchmark printed no ${name}: ${row.join()}`);
    return value;
  };
  return {
    perSecond: field('rps'),
    p50Ms: field('p50_latency_ms'),
    p99Ms: field('p99_latency_ms'),
  };
}

/**
 * Rows of quoted fields. redis-benchmark puts the command into the first field without escaping its
 * quotes, so fields are split at `","` and not by the rules of CSV; the figures follow the last
 * such separators.
 */
export function parseCsv(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('"'));
  const rows = lines.map((line) => line.trim().replace(/^"|"$/g, '').split('","'));
  const columns = rows[0]?.length ?? 0;
  return rows.map((fields) => {
    const surplus = fields.length - columns;
    return surplus > 0
      ? [fields.slice(0, surplus + 1).join('","'), ...fields.slice(surplus + 1)]
      : fields;
  });
}

/** Where and with what the figures were taken. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

export function describeMachine(): Record<string, string | number> {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    // More than the cores can carry before we begin means that the figures are of a busy machine.
    loadAverage: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** Versions of everything that takes part; `commit` is left out where there is no git checkout. */
export function describeVersions(node: string | undefined): Record<string, string> {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const commit = commitIfKnown();
  return {
    redstart: String(manifest.version),
    ...(commit === undefined ? {} : { commit }),
    ...(node === undefined ? {} : { node: firstLine(node, ['--version']) }),
    redisServer: firstLine('redis-server', ['--version']),
    redisBenchmark: firstLine('redis-benchmark', ['--version']),
    benchNode: process.version,
  };
}

function firstLine(program: string, args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]!.trim();
}

/**
 * The figures are worth as much without a commit, as in a tarball, so its absence is not an error.
 */
function commitIfKnown(): string | undefined {
  try {
    const options = { cwd: import.meta.dirname, stdio: 'pipe', encoding: 'utf8' } as const;
    return execFileSync('git', ['describe', '--always', '--dirty'], options).trim();
  } catch {
    return undefined;
  }
}

import { spawnSync } from 'node:child_process';
import type { Dialect } from './script.ts';

/**
 * The redis-server on the PATH: its version, and its dialect where it is one that recordings know.
 */
export type InstalledRedis = { readonly version: string; readonly dialect: Dialect | null };

/** Asks redis-server for its version; null if there is none on the PATH. */
export function installedRedis(): InstalledRedis | null {
  const { status, stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  const version = status === 0 ? /v=([\d.]+)/.exec(stdout)?.[1] : undefined;
  if (version === undefined) return null;
  const dialect = /^7\.[02]\./.test(version) ? (version.slice(0, 3) as Dialect) : null;
  return { version, dialect };
}

/** What ends a start: a configuration that cannot be read or is refused. */

import { getSystemErrorMap } from 'node:util';

/** Carries the whole text to print before exiting with status 1. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** The place of a directive: which line of its source, counted from 1, and what it says. */
export interface Origin {
  readonly lineNumber: number;
  /** The line as it may be shown: without the secrets in it. */
  readonly shownLine: string;
}

/** A refused configuration in redis-server's form. */
export function refusedConfiguration(
  version: string,
  origin: Origin,
  reason: string,
): ConfigurationError {
  return new ConfigurationError(
    [
      `*** FATAL CONFIG FILE ERROR (Redstart ${version}) ***`,
      `Reading the configuration file, at line ${origin.lineNumber}`,
      `>>> '${origin.shownLine}'`,
      reason,
    ].join('\n'),
  );
}

/** A file that cannot be opened or read; `error` is what the file system threw. */
export function unreadableFile(path: string, error: unknown): ConfigurationError {
  return new ConfigurationError(
    `Fatal error, can't open config file '${path}': ${systemReason(error)}`,
  );
}

/** Why the file system failed, in words; throws anything that is no error of the system again. */
export function systemReason(error: unknown): string {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined;
  const words = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (words === undefined) throw error;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

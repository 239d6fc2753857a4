/**
 * Paths with wildcards, as `include` takes them: `*`, `?` and `[...]` within one name, never across
 * a slash.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { globMatch } from '../protocol/glob.ts';

/** Whether a path has wildcards, so that it is fine for it to name no file. */
export function hasPathWildcard(path: string): boolean {
  return /[*?[]/.test(path);
}

/** The paths that an absolute pattern names, sorted; those that cannot be looked into name none. */
export function expandPath(pattern: string): string[] {
  let paths = ['/'];
  for (const name of pattern.split('/').filter((each) => each !== '')) {
    paths = paths.flatMap((path) =>
      hasPathWildcard(name) ? matchingNames(path, name) : [join(path, name)],
    );
  }
  return paths.filter((path) => existsSync(path)).sort();
}

function matchingNames(directory: string, pattern: string): string[] {
  // A shell writes the negation of a set with `!`, Redis's patterns with `^`.
  const bytes = Buffer.from(pattern.replaceAll('[!', '[^'));
  return listDirectory(directory)
    .filter((name) => !name.startsWith('.') || pattern.startsWith('.'))
    .filter((name) => {
      const subject = Buffer.from(name);
      return globMatch(bytes, 0, bytes.length, subject, 0, subject.length, false);
    })
    .map((name) => join(directory, name));
}

/** What a path that is no readable directory gives. */
const CLOSED_DIRECTORY: readonly string[] = ['ENOENT', 'ENOTDIR', 'EACCES'];

function listDirectory(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    if (code !== undefined && CLOSED_DIRECTORY.includes(code)) return [];
    throw error;
  }
}

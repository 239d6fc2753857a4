/** Why the system has refused something, in the words of the C library, which Redis tells. */
import { getSystemErrorMap } from 'node:util';

/** Where the event loop's library has words of its own. */
const WORDS: Readonly<Record<string, string>> = { EIO: 'Input/output error' };

/** The words for a problem of the system; else what it says itself. */
export function systemReason(problem: Error): string {
  const { code, errno } = problem as NodeJS.ErrnoException;
  if (code !== undefined && code in WORDS) return WORDS[code]!;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  if (known === undefined) return problem.message;
  return known.charAt(0).toUpperCase() + known.slice(1);
}

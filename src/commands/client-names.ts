/** The words that clients call themselves and their libraries by. */
import type { Args } from '../protocol/args.ts';
import { CommandError } from './errors.ts';

/** What an error calls the name of a client. */
export const CLIENT_NAMES = 'Client names';

/**
 * Longest name that is kept, in bytes. Names are the one thing that a client leaves on the
 * JavaScript heap, and every line of CLIENT LIST repeats them: ten thousand clients must not be
 * able to fill it. Generous beside what libraries send.
 */
const NAME_LENGTH_MAX = 8 * 1024;

const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;

/** Throws unless argument `i` can stand in a line of CLIENT LIST; `what` names it to the client. */
export function requirePlainName(args: Args, i: number, what: string): void {
  const start = args.start(i);
  const length = args.length(i);
  if (length > NAME_LENGTH_MAX) {
    throw new CommandError(`ERR ${what} cannot be longer than ${NAME_LENGTH_MAX} bytes.`);
  }
  for (let at = start; at < start + length; at++) {
    const byte = args.bytes[at]!;
    if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) {
      throw new CommandError(`ERR ${what} cannot contain spaces, newlines or special characters.`);
    }
  }
}

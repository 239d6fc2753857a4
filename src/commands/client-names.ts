/** The words that clients call themselves and their libraries by. */
import type { Args } from '../protocol/args.ts';
import { CommandError } from './errors.ts';

export const NOT_A_CLIENT_NAME: CommandError = notAName('Client names');

const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;

/** The error for a word that cannot be what it should. */
export function notAName(what: string): CommandError {
  return new CommandError(`ERR ${what} cannot contain spaces, newlines or special characters.`);
}

/** Whether argument `i` can stand in a line of CLIENT LIST. */
export function isPlainName(args: Args, i: number): boolean {
  const start = args.start(i);
  const end = start + args.length(i);
  for (let at = start; at < end; at++) {
    const byte = args.bytes[at]!;
    if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE) return false;
  }
  return true;
}

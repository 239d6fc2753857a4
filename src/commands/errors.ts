/** The error texts that several commands share, in Redis's words. */
import type { Args } from '../protocol/args.ts';
import { losslessBytes, losslessText } from '../protocol/lossless-text.ts';

/**
 * A client's mistake. Thrown before anything has changed; `execute` turns it into the reply.
 * Carries no stack.
 */
export class CommandError {
  /** Starts with the error code. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const SYNTAX_ERROR: CommandError = new CommandError('ERR syntax error');
export const WRONG_TYPE: CommandError = new CommandError(
  'WRONGTYPE Operation against a key holding the wrong kind of value',
);
export const NOT_AN_INTEGER: CommandError = new CommandError(
  'ERR value is not an integer or out of range',
);
export const NOT_A_FLOAT: CommandError = new CommandError('ERR value is not a valid float');
export const NO_SUCH_KEY: CommandError = new CommandError('ERR no such key');
export const INDEX_OUT_OF_RANGE: CommandError = new CommandError('ERR index out of range');
export const LOADING: CommandError = new CommandError(
  'LOADING Redis is loading the dataset in memory',
);
export const NO_MEMORY: CommandError = new CommandError(
  "OOM command not allowed when used memory > 'maxmemory'.",
);
export const NO_AUTHENTICATION: CommandError = new CommandError('NOAUTH Authentication required.');
export const NOT_IN_TRANSACTION: CommandError = new CommandError(
  'ERR Command not allowed inside a transaction',
);

/** Longest part of a client's own words that an error gives back. */
const ECHO_LENGTH_MAX = 128;

/** `name` is the command's, or `container|subcommand`, in lower case. */
export function wrongArity(name: string): CommandError {
  return new CommandError(`ERR wrong number of arguments for '${name}' command`);
}

/** Names the command and as many of its arguments as fit. */
export function unknownCommand(args: Args): CommandError {
  let words = '';
  let length = 0;
  for (let i = 1; i < args.count && length < ECHO_LENGTH_MAX; i++) {
    const word = `'${echo(args, i, ECHO_LENGTH_MAX - length)}' `;
    words += word;
    length += losslessBytes(word).length;
  }
  return new CommandError(
    `ERR unknown command '${echo(args, 0)}', with args beginning with: ${words}`,
  );
}

/** Argument 1 is no subcommand of argument 0, or not with so many arguments. */
export function unknownUse(args: Args): CommandError {
  const container = args.text(0).toUpperCase();
  return new CommandError(
    `ERR unknown subcommand or wrong number of arguments for '${echo(args, 1)}'. Try ${container} HELP.`,
  );
}

/** Argument 1 is no subcommand of argument 0. */
export function unknownSubcommand(args: Args, container: string): CommandError {
  return new CommandError(`ERR unknown subcommand '${echo(args, 1)}'. Try ${container} HELP.`);
}

/**
 * Argument `i` as an error gives it back: cut at a NUL, as C prints it, and at `lengthMax` bytes.
 */
export function echo(args: Args, i: number, lengthMax: number = ECHO_LENGTH_MAX): string {
  const start = args.start(i);
  const bytes = args.bytes.subarray(start, start + Math.min(args.length(i), lengthMax));
  const nul = bytes.indexOf(0);
  return losslessText(bytes, 0, nul < 0 ? bytes.length : nul);
}

/** The first line of a script that says how it is to be run: `#!lua flags=no-writes,allow-oom`. */
import { CommandError } from '../commands/errors.ts';
import { splitWords } from '../protocol/quoting.ts';

/** The flags of scripts and functions. */
export const SCRIPT_FLAGS: readonly string[] = [
  'no-writes',
  'allow-oom',
  'allow-stale',
  'no-cluster',
  'allow-cross-slot-keys',
];

/** What the first line says; null where there is none. */
export interface Shebang {
  readonly flags: readonly string[];
  /** The code without it: an empty line in its place. */
  readonly body: Buffer;
}

const HASH = 0x23;
const BANG = 0x21;
const LINE_FEED = 0x0a;

/** Reads the first line of a script. Throws CommandError. */
export function readShebang(code: Buffer): Shebang | null {
  if (code[0] !== HASH || code[1] !== BANG) return null;
  const end = code.indexOf(LINE_FEED);
  if (end < 0) throw new CommandError('ERR Invalid script shebang');
  const words = splitWords(code, 0, end)?.map((word) => word.toString('latin1'));
  if (words === undefined) throw new CommandError('ERR Invalid engine in script shebang');
  const [engine, ...options] = words;
  if (engine !== '#!lua') {
    throw new CommandError(`ERR Unexpected engine in script shebang: ${engine}`);
  }
  const flags: string[] = [];
  for (const option of options) {
    if (!option.startsWith('flags=')) {
      throw new CommandError(`ERR Unknown lua shebang option: ${option}`);
    }
    const list = option.slice('flags='.length);
    for (const flag of list === '' ? [] : list.split(',')) {
      if (!SCRIPT_FLAGS.includes(flag)) {
        throw new CommandError(`ERR Unexpected flag in script shebang: ${flag}`);
      }
      flags.push(flag);
    }
  }
  return { flags, body: code.subarray(end) };
}

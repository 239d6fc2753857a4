/**
 * What a library of functions says of itself: its first line, `#!lua name=mylib`, and what it
 * registers as it is loaded.
 */
import { CommandError } from '../commands/errors.ts';
import { splitWords } from '../protocol/quoting.ts';
import type { LuaReference } from './lua-machine.ts';

/** A function that was registered. */
export interface LoadedFunction {
  readonly name: string;
  readonly description: string | null;
  readonly flags: readonly string[];
  /** Whether its flags say so. */
  readonly isReadOnly: boolean;
  readonly reference: LuaReference;
}

/** A library that is loaded. */
export interface LoadedLibrary {
  readonly name: string;
  readonly code: Buffer;
  readonly functions: readonly LoadedFunction[];
}

const LINE_FEED = 0x0a;
const NAME_OPTION = 'name=';

/** What a name that `isName` refuses is told. */
export const BAD_NAME =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long';

/** Whether a library or a function may have this name. */
export function isName(name: string): boolean {
  return /^\w+$/.test(name);
}

/** The name and the code of a library, with its first line empty. Throws CommandError. */
export function readLibraryHead(code: Buffer): { name: string; body: Buffer } {
  if (code.toString('latin1', 0, 2) !== '#!') {
    throw new CommandError('ERR Missing library metadata');
  }
  const end = code.indexOf(LINE_FEED);
  if (end < 0) throw new CommandError('ERR Invalid library metadata');
  const words = splitWords(code, 0, end)?.map((word) => word.toString('latin1'));
  if (words === undefined) throw new CommandError('ERR Invalid library metadata');
  const [first, ...options] = words;
  const engine = first!.slice(2);
  let name: string | null = null;
  for (const option of options) {
    if (!option.toLowerCase().startsWith(NAME_OPTION)) {
      throw new CommandError(`ERR Invalid metadata value given: ${option}`);
    }
    if (name !== null) {
      throw new CommandError('ERR Invalid metadata value, name argument was given multiple times');
    }
    name = option.slice(NAME_OPTION.length);
  }
  if (name === null) throw new CommandError('ERR Library name was not given');
  if (!isName(name)) throw new CommandError(`ERR ${BAD_NAME}`);
  if (engine.toLowerCase() !== 'lua') {
    throw new CommandError(`ERR Engine '${engine}' not found`);
  }
  return { name, body: code.subarray(end) };
}

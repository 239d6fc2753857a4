/**
 * Reading redis.conf: a directive and its arguments per line, `#` comments, quotes as in
 * `protocol/quoting.ts`, `include` with wildcards. The last line for a directive wins, except where
 * lines accumulate. `config-arguments.ts` turns the command line into such lines.
 *
 * What was read is erased afterwards, because it may hold passwords.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { splitWords } from '../protocol/quoting.ts';
import { Config, type Declaration } from './config.ts';
import { parseArguments } from './config-arguments.ts';
import { ConfigRejection, SECRET_MASK } from './config-directive.ts';
import {
  ConfigurationError,
  type Origin,
  refusedConfiguration,
  unreadableFile,
} from './config-error.ts';
import { expandPath, hasPathWildcard } from './config-include.ts';
import { Settings } from './config-settings.ts';
import { type DirectiveName, directiveOf, findDirective } from './config-table.ts';

/** What the loader needs to know about the program it configures. */
interface LoadingEnvironment {
  /** The version that error texts show. */
  readonly version: string;
  /** Where relative paths start; the current directory of the process if not given. */
  readonly workingDirectory?: string;
}

/**
 * Reads the configuration that a command line asks for; `argv` does not include the program itself.
 * Throws ConfigurationError with the whole text to print.
 */
export async function loadConfiguration(
  argv: readonly string[],
  readStdin: () => Promise<Buffer>,
  environment: LoadingEnvironment,
): Promise<Config> {
  const workingDirectory = resolve(environment.workingDirectory ?? process.cwd());
  const { file: given, readsStdin, optionLines } = parseArguments(argv);
  const file = given === undefined ? undefined : resolve(workingDirectory, given);
  const parts: Buffer[] = [];
  if (file !== undefined) parts.push(readFiles(file, file));
  if (readsStdin) parts.push(await readStdin());
  parts.push(Buffer.from(`\n${optionLines}`));
  const loader = new ConfigLoader(new Settings(workingDirectory), environment.version, (error) => {
    throw error;
  });
  loader.load(joinAndErase(parts));
  return new Config(loader.settings, { file, users: loader.users, renames: loader.renames });
}

/**
 * Directives of older versions that are read and have long meant nothing, with one argument each.
 */
export const FORGOTTEN_DIRECTIVES: ReadonlySet<string> = new Set([
  'list-max-ziplist-entries',
  'list-max-ziplist-value',
  'lua-replicate-commands',
]);

/** Applies the lines of a configuration to settings. */
export class ConfigLoader {
  readonly settings: Settings;
  readonly users: Declaration[] = [];
  readonly renames: Declaration[] = [];
  readonly #version: string;
  /**
   * Told of a line that cannot be obeyed; throws it to stop there, or returns to go on with the
   * next line.
   */
  readonly #report: (error: ConfigurationError) => void;
  readonly #given = new Set<DirectiveName>();
  /** What is being included, outermost first. */
  readonly #open: string[] = [];

  constructor(settings: Settings, version: string, report: (error: ConfigurationError) => void) {
    this.settings = settings;
    this.#version = version;
    this.#report = report;
  }

  /** Obeys the lines of a configuration, and erases them. */
  load(text: Buffer): void {
    let lineNumber = 0;
    for (let start = 0; start <= text.length; ) {
      const newline = text.indexOf(NEWLINE, start);
      const end = newline === -1 ? text.length : newline;
      lineNumber++;
      const line = trimLine(text.subarray(start, end));
      if (line.length > 0 && line[0] !== HASH) this.#loadLine(line, lineNumber);
      start = end + 1;
    }
    text.fill(0);
  }

  #loadLine(line: Buffer, lineNumber: number): void {
    const origin = { lineNumber, shownLine: withoutSecrets(line) };
    try {
      const words = splitWords(line);
      if (words === undefined) throw new ConfigRejection('Unbalanced quotes in configuration line');
      if (words.length === 0) return;
      this.#obey(words[0]!.toString('latin1').toLowerCase(), words.slice(1), origin);
    } catch (error) {
      if (error instanceof ConfigRejection) {
        this.#report(refusedConfiguration(this.#version, origin, error.message));
      } else if (error instanceof ConfigurationError) {
        this.#report(error);
      } else {
        throw error;
      }
    }
  }

  #obey(given: string, args: readonly Buffer[], origin: Origin): void {
    const name = findDirective(given);
    if (name !== undefined) {
      this.#give(name, args);
    } else if (given === 'include' && args.length === 1) {
      this.#include(args[0]!.toString());
    } else if (given === 'user' && args.length >= 1) {
      this.users.push({ args, origin });
    } else if (given === 'rename-command' && args.length === 2) {
      this.renames.push({ args, origin });
    } else if (given === 'loadmodule' && args.length >= 1) {
      throw new ConfigRejection('Redstart cannot load modules');
    } else if (given === 'sentinel') {
      throw new ConfigRejection('sentinel directive while not in sentinel mode');
    } else if (!FORGOTTEN_DIRECTIVES.has(given) || args.length !== 1) {
      throw new ConfigRejection('Bad directive or wrong number of arguments');
    }
  }

  #give(name: DirectiveName, args: readonly Buffer[]): void {
    try {
      const given = directiveOf(name).kind.takesMany ? spread(args) : args;
      this.settings.put(name, this.settings.read(name, given, this.#given.has(name)));
      this.#given.add(name);
    } finally {
      if (directiveOf(name).sensitive) for (const arg of args) arg.fill(0);
    }
  }

  /**
   * Reads the files that a pattern names; a relative one starts at the data directory in force, as
   * in Redis.
   */
  #include(pattern: string): void {
    const path = resolve(this.settings.get('dir').value, pattern);
    if (this.#open.includes(path)) throw new ConfigRejection(`'${pattern}' includes itself`);
    this.#open.push(path);
    try {
      this.load(readFiles(path, pattern));
    } finally {
      this.#open.pop();
    }
  }
}

/** The arguments of a list; they may all stand in one between quotes, as on a command line. */
function spread(args: readonly Buffer[]): readonly Buffer[] {
  if (args.length !== 1 || args[0]!.length === 0) return args;
  const words = splitWords(args[0]!);
  if (words === undefined) throw new ConfigRejection('Unbalanced quotes in configuration line');
  return words;
}

const NEWLINE = 0x0a;
const HASH = 0x23;

function trimLine(line: Buffer): Buffer {
  let start = 0;
  let end = line.length;
  while (start < end && isBlank(line[start]!)) start++;
  while (end > start && isBlank(line[end - 1]!)) end--;
  return line.subarray(start, end);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === NEWLINE;
}

/**
 * The contents of the files that a path names, one behind the other; `shown` is how an error calls
 * the path.
 */
function readFiles(path: string, shown: string): Buffer {
  if (!hasPathWildcard(path)) return readConfigFile(path, shown);
  return joinAndErase(expandPath(path).map((each) => readConfigFile(each, each)));
}

function readConfigFile(path: string, shown: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadableFile(shown, error);
  }
}

function joinAndErase(parts: readonly Buffer[]): Buffer {
  const joined = Buffer.concat(parts);
  for (const part of parts) part.fill(0);
  return joined;
}

/**
 * A line as an error may show it. The line may be malformed, so it is not parsed: better too much
 * hidden than too little. Secrets are not made into strings, which cannot be erased.
 */
function withoutSecrets(line: Buffer): string {
  const firstBlank = line.findIndex(isBlank);
  const word = line.subarray(0, firstBlank === -1 ? line.length : firstBlank).toString();
  const name = findDirective(word);
  if (name !== undefined && directiveOf(name).sensitive) return `${word} ${SECRET_MASK}`;
  if (word.toLowerCase() !== 'user') return line.toString();
  return pieces(line)
    .map(
      (piece) =>
        PASSWORD_RULE.exec(piece.subarray(0, 2).toString('latin1'))?.[1] ?? piece.toString(),
    )
    .map((piece) => (piece === '<' || piece === '>' ? piece + SECRET_MASK : piece))
    .join(' ');
}

/** How a piece of a user line begins that adds or removes a password. */
const PASSWORD_RULE = /^["']?([<>])/;

function pieces(line: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let start = 0;
  for (let at = 0; at <= line.length; at++) {
    if (at < line.length && !isBlank(line[at]!)) continue;
    if (at > start) found.push(line.subarray(start, at));
    start = at + 1;
  }
  return found;
}

/**
 * The command line of the server, turned into lines of a configuration file as redis-server does:
 *
 *   redstart [file] [-] [--directive value ...] ...
 *
 * The first argument is a file unless it begins with `-`; a lone `-`, first or last, adds what
 * comes on the standard input. Options follow both, so they win.
 */

import { quoteText } from './config-kinds.ts';

/** What the command line says about the configuration. */
interface ConfigurationArguments {
  /** The file to read, as it was written. */
  readonly file: string | undefined;
  /** Whether to read the standard input. */
  readonly readsStdin: boolean;
  /** The options, as lines of a configuration file. */
  readonly optionLines: string;
}

/** Reads the arguments behind the name of the program. */
export function parseArguments(argv: readonly string[]): ConfigurationArguments {
  const file = argv.length > 0 && !argv[0]!.startsWith('-') ? argv[0] : undefined;
  const first = file === undefined ? 0 : 1;
  const options: string[] = [];
  let readsStdin = false;
  for (let at = first; at < argv.length; at++) {
    if (argv[at] === '-' && (at === 0 || at === argv.length - 1)) readsStdin = true;
    else options.push(argv[at]!);
  }
  return { file, readsStdin, optionLines: optionLines(options) };
}

/**
 * One line per option: `--name value`, `--name` followed by values, or a quoted `"--name value"`.
 * The argument behind a bare `--name` is its value even if it begins with `--`, as a password may.
 */
function optionLines(args: readonly string[]): string {
  let lines = '';
  let needsValue = false;
  for (const [at, arg] of args.entries()) {
    if (!arg.startsWith('--') || needsValue) {
      lines += `${quoteText(arg)} `;
      needsValue = false;
      continue;
    }
    if (lines !== '') lines += '\n';
    lines += `${arg.slice(2)} `;
    needsValue = !/\S\s+\S/.test(arg);
    const next = args[at + 1];
    if (isBareSave(arg) && (next === undefined || next.startsWith('--'))) {
      // Programs that build a command line from an empty list of save points end up with this.
      lines += '""';
      needsValue = false;
    }
  }
  return lines;
}

function isBareSave(arg: string): boolean {
  return arg.toLowerCase() === '--save';
}

/**
 * What a configuration directive is. The rows are in `config-table*.ts`, the kinds of value in
 * `config-kinds.ts` and `config-list-kinds.ts`.
 *
 * A setting keeps its text beside its value: the text is what CONFIG GET prints, to the last digit
 * of a 64-bit integer, while the value is a plain number that may round above 2^53, where only its
 * size matters.
 */

/** Why a value is refused, in redis-server's words and without a prefix. */
export class ConfigRejection extends Error {
  override readonly name = 'ConfigRejection';
}

/** What a directive is set to: what the program reads, and what CONFIG GET prints. */
export interface Setting<T> {
  readonly value: T;
  readonly text: string;
}

/** One kind of value: how it is read, printed and written into a configuration file. */
export interface Kind<T> {
  /** How a value is written, for the documentation. */
  readonly syntax: string;
  /**
   * A line of a file may hold several arguments, and CONFIG SET splits its one argument at spaces.
   */
  readonly takesMany: boolean;
  /** A second line of the same file adds to the first instead of replacing it. */
  readonly accumulates: boolean;
  /** The argument that clears what earlier lines have accumulated, where there is one. */
  readonly clearedBy?: string;
  /**
   * Reads a value; throws ConfigRejection. `current` is the setting in force (none while the
   * default itself is being read); `again` says that the same load has already given this
   * directive.
   */
  parse(args: readonly Buffer[], current: Setting<T> | undefined, again: boolean): Setting<T>;
  /** The arguments, as text ready for a file, of each line that writes the setting down. */
  lines(setting: Setting<T>): readonly string[];
  /** Whether two settings mean the same. */
  same(left: Setting<T>, right: Setting<T>): boolean;
}

/** What a row of the table may say besides kind, default and documentation. */
interface Traits {
  /** Older names that read and write the same setting. */
  readonly aliases?: readonly string[];
  /**
   * When it may change: by CONFIG SET, only at start, or by CONFIG SET where `enable-protected-
   * configs` allows it.
   */
  readonly change?: 'anytime' | 'startup' | 'protected';
  /**
   * Whether it has an effect. Those that are `planned` have none yet and those that are `accepted`
   * never will: they are read, checked and shown, so that files and tools of Redis go on working.
   */
  readonly effect?: 'used' | 'planned' | 'accepted';
  /** CONFIG GET shows it only by its exact name, never through a pattern. */
  readonly hidden?: boolean;
  /** Its value is kept out of logs, of the slow log, of MONITOR and of error texts. */
  readonly sensitive?: boolean;
  /** CONFIG SET applies it even if unchanged: it names a file whose contents may be new. */
  readonly reapplied?: boolean;
  /** CONFIG SET answers LOADING while the data set is being loaded. */
  readonly deniedWhileLoading?: boolean;
  /** The default comes from the environment, so CONFIG REWRITE writes it down in any case. */
  readonly environmental?: boolean;
}

/** One row of the table. */
export interface Directive<T> extends Required<Traits> {
  readonly kind: Kind<T>;
  /** The default, as it would be written in a configuration file. */
  readonly initial: string;
  /** One sentence for the documentation. */
  readonly doc: string;
}

/** Makes a row; what `traits` leaves out is a plain directive that CONFIG SET may change. */
export function directive<T>(
  kind: Kind<T>,
  initial: string,
  doc: string,
  traits: Traits = {},
): Directive<T> {
  return {
    aliases: [],
    change: 'anytime',
    effect: 'used',
    hidden: false,
    sensitive: false,
    reapplied: false,
    deniedWhileLoading: false,
    environmental: false,
    ...traits,
    kind,
    initial,
    doc,
  };
}

/** What CONFIG GET and error texts show in place of a secret. */
export const SECRET_MASK = '********';

/**
 * Splits the one argument of CONFIG SET into those of a line: at single spaces, as redis-server
 * does.
 */
export function splitValue(kind: Kind<unknown>, value: Buffer): Buffer[] {
  if (!kind.takesMany) return [value];
  if (value.length === 0) return [];
  const args: Buffer[] = [];
  let start = 0;
  for (let space = value.indexOf(0x20); space !== -1; space = value.indexOf(0x20, start)) {
    args.push(value.subarray(start, space));
    start = space + 1;
  }
  args.push(value.subarray(start));
  return args;
}

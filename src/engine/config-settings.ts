/**
 * The settings of all directives at one moment, without anyone being told of changes: `config.ts`
 * adds that.
 */

import { ConfigRejection, type Kind, type Setting, splitValue } from './config-directive.ts';
import {
  type ConfigValues,
  DIRECTIVE_NAMES,
  type DirectiveName,
  directiveOf,
  type ValueOf,
} from './config-table.ts';

/** One setting per directive; begins with the defaults. */
export class Settings {
  /**
   * The directory that the server was started in, where relative names begin as long as `dir` is
   * not given.
   */
  readonly workingDirectory: string;
  readonly #settings: Map<DirectiveName, Setting<unknown>>;

  constructor(workingDirectory: string) {
    this.workingDirectory = workingDirectory;
    this.#settings = new Map(DEFAULTS).set('dir', {
      value: workingDirectory,
      text: workingDirectory,
    });
  }

  get<Name extends DirectiveName>(name: Name): Setting<ValueOf<Name>> {
    // `put` only stores what the directive's own kind made.
    return this.#settings.get(name) as Setting<ValueOf<Name>>;
  }

  put<Name extends DirectiveName>(name: Name, setting: Setting<ValueOf<Name>>): void {
    this.#settings.set(name, setting);
  }

  /**
   * Reads the arguments of a directive into a setting without keeping it; throws ConfigRejection.
   * `again` says that the load in progress has given the directive before.
   */
  read<Name extends DirectiveName>(
    name: Name,
    args: readonly Buffer[],
    again = false,
  ): Setting<ValueOf<Name>> {
    const { kind } = directiveOf(name);
    if (!kind.takesMany && args.length !== 1) {
      throw new ConfigRejection('wrong number of arguments');
    }
    return kind.parse(args, this.get(name), again);
  }

  /** Whether a directive means the same here and there. */
  agrees(name: DirectiveName, other: Settings): boolean {
    const kind: Kind<unknown> = directiveOf(name).kind;
    return kind.same(this.get(name), other.get(name));
  }

  /** The values of all directives as a record, which stays as it is when settings change. */
  values(): ConfigValues {
    const entries = DIRECTIVE_NAMES.map((name) => [name, this.get(name).value]);
    // The names are those of the record, and each value is of its directive's type.
    return Object.fromEntries(entries) as ConfigValues;
  }
}

/** All but `dir`, which has none. Read once: CONFIG REWRITE needs them often in one turn. */
const DEFAULTS: ReadonlyMap<DirectiveName, Setting<unknown>> = new Map(
  DIRECTIVE_NAMES.filter((name) => name !== 'dir').map((name) => {
    const { kind, initial } = directiveOf(name);
    return [name, kind.parse(splitValue(kind, Buffer.from(initial)), undefined, false)];
  }),
);

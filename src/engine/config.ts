/**
 * The configuration of a running server: typed values for the program, CONFIG GET and CONFIG SET
 * for clients, and word of changes for whoever acts on them.
 *
 * `values` is a plain record, cheap to read; code that runs per command still copies what it needs
 * into a local field in an `onChange` listener. Names come in from clients, so they are looked up
 * in a Map and never index an object.
 */

import { globMatch } from '../protocol/glob.ts';
import { losslessText } from '../protocol/lossless-text.ts';
import { ConfigRejection, type Kind, type Setting, splitValue } from './config-directive.ts';
import type { Origin } from './config-error.ts';
import { Settings } from './config-settings.ts';
import {
  type ConfigValues,
  DIRECTIVE_NAMES,
  type DirectiveName,
  directiveOf,
  findDirective,
  NAMES_AND_ALIASES,
  type ValueOf,
} from './config-table.ts';

/** A line that is for another part of the server to act on: it alone knows users and commands. */
export interface Declaration {
  /**
   * The words behind the directive. They may hold passwords: erase them when they have been used.
   */
  readonly args: readonly Buffer[];
  readonly origin: Origin;
}

/** Where a configuration came from. */
interface ConfigurationSource {
  /**
   * Absolute path of the configuration file, which CONFIG REWRITE writes; undefined without one.
   */
  readonly file: string | undefined;
  /** The `user` lines in order, for the ACL. */
  readonly users: readonly Declaration[];
  /**
   * The `rename-command` lines in order, for the command registry: old name, then new name or
   * nothing.
   */
  readonly renames: readonly Declaration[];
}

/** What CONFIG SET has to know about who asks, and when. */
interface SetterCircumstances {
  /** Whether the client is connected from this machine. */
  readonly isLocal: boolean;
  /** Whether the data set is still being loaded. */
  readonly isLoading: boolean;
}

/**
 * Told after a change; answers why it cannot be applied, or nothing. It leaves things as they were
 * if it refuses.
 */
type ChangeListener<T> = (value: T) => string | undefined;

/** A name as a client wrote it, the directive it means, and the setting it asks for. */
interface Request {
  readonly given: string;
  readonly name: DirectiveName;
  readonly value: Buffer;
}

/** Why CONFIG SET fails, and which argument is to blame. */
interface Failure {
  readonly given: string;
  readonly reason: string;
}

type Listener = () => string | undefined;

/** The configuration in force; see the head of the file. */
export class Config {
  /** The value of every directive, always current. */
  readonly values: ConfigValues;
  readonly source: ConfigurationSource;
  readonly #settings: Settings;
  readonly #passwordAtStart: Setting<ValueOf<'requirepass'>>;
  readonly #listeners = new Map<DirectiveName, Listener[]>();

  constructor(
    settings: Settings,
    source: ConfigurationSource = { file: undefined, users: [], renames: [] },
  ) {
    this.#settings = settings;
    this.source = source;
    this.values = settings.values();
    this.#passwordAtStart = settings.get('requirepass');
  }

  /** The settings in force, for CONFIG REWRITE. */
  get settings(): Settings {
    return this.#settings;
  }

  /** Directives that were given and have no effect yet, of which whoever gave them should hear. */
  get unheeded(): readonly DirectiveName[] {
    const defaults = new Settings(this.#settings.workingDirectory);
    return DIRECTIVE_NAMES.filter(
      (name) => directiveOf(name).effect === 'planned' && !this.#settings.agrees(name, defaults),
    );
  }

  /** Whether requirepass is not what the server was started with. */
  get isPasswordChanged(): boolean {
    const { kind } = directiveOf('requirepass');
    return !kind.same(this.#settings.get('requirepass'), this.#passwordAtStart);
  }

  /** Calls `listener` after each change of one directive. The function returned ends that. */
  onChange<Name extends DirectiveName>(
    name: Name,
    listener: ChangeListener<ValueOf<Name>>,
  ): () => void {
    return this.onAnyChange([name], () => listener(this.#settings.get(name).value));
  }

  /** Calls `listener` once after a CONFIG SET that changed any of the directives. */
  onAnyChange(names: readonly DirectiveName[], listener: Listener): () => void {
    // Wrapped, so that a function registered twice is two listeners, each ended by its own.
    const own: Listener = () => listener();
    for (const name of names) this.#listeners.set(name, [...this.#listenersOf(name), own]);
    return () => {
      for (const name of names) {
        this.#listeners.set(
          name,
          this.#listenersOf(name).filter((each) => each !== own),
        );
      }
    };
  }

  /**
   * Answers CONFIG GET: name and text of every directive that a pattern matches, once each, in the
   * order of the table. A name that is asked for without a pattern comes back as it was written.
   */
  get(patterns: readonly Uint8Array[]): Array<readonly [name: string, text: string]> {
    const found = new Map<string, string>();
    for (const pattern of patterns) {
      if (hasWildcard(pattern)) {
        for (const [name, directiveName] of NAMES_AND_ALIASES) {
          if (directiveOf(directiveName).hidden || found.has(name)) continue;
          if (matches(pattern, name)) found.set(name, name);
        }
        continue;
      }
      const given = Buffer.from(pattern).toString('latin1');
      const folded = given.toLowerCase();
      if (NAMES_AND_ALIASES.has(folded) && !found.has(folded)) found.set(folded, given);
    }
    return [...NAMES_AND_ALIASES]
      .filter(([name]) => found.has(name))
      .map(([name, directiveName]) => [found.get(name)!, this.#settings.get(directiveName).text]);
  }

  /**
   * Carries out CONFIG SET: all of the pairs or none. Answers the error for the client, its code
   * word included, or undefined. Does not keep or change the buffers; the caller erases secrets in
   * them if they are its own.
   */
  set(
    pairs: ReadonlyArray<readonly [name: Buffer, value: Buffer]>,
    circumstances: SetterCircumstances,
  ): string | undefined {
    const requests: Request[] = [];
    for (const [nameBytes, value] of pairs) {
      const given = nameBytes.toString('latin1');
      const name = findDirective(given);
      if (name === undefined) return unknownOption(nameBytes);
      const refusal = this.#refusal(name, circumstances);
      if (refusal === LOADING) return LOADING;
      if (refusal !== undefined) return failed({ given, reason: refusal });
      if (requests.some((earlier) => equalNames(earlier.given, given))) {
        return failed({ given, reason: 'duplicate parameter' });
      }
      requests.push({ given, name, value });
    }
    const failure = this.#change(requests);
    return failure && failed(failure);
  }

  /**
   * Changes a directive from within the program, also one that CONFIG SET may not change: REPLICAOF
   * does. Throws ConfigRejection when the value, written as in a configuration file, or a listener
   * refuses.
   */
  assign(name: DirectiveName, ...args: readonly string[]): void {
    const setting = this.#settings.read(
      name,
      args.map((arg) => Buffer.from(arg)),
    );
    const before = this.#settings.get(name);
    if (!mustApply(name, before, setting)) return;
    this.#put(name, setting);
    const failure = this.#notify([{ given: name, name }], new Map([[name, before]]));
    if (failure !== undefined) throw new ConfigRejection(failure.reason);
  }

  #refusal(name: DirectiveName, circumstances: SetterCircumstances): string | undefined {
    const { change, deniedWhileLoading } = directiveOf(name);
    if (change === 'startup') return "can't set immutable config";
    if (change === 'protected') {
      const allowed = this.values['enable-protected-configs'];
      if (allowed === 'no' || (allowed === 'local' && !circumstances.isLocal)) {
        return "can't set protected config";
      }
    }
    return deniedWhileLoading && circumstances.isLoading ? LOADING : undefined;
  }

  /** Sets every request, then tells the listeners; puts everything back when one fails. */
  #change(requests: readonly Request[]): Failure | undefined {
    const before = new Map<DirectiveName, Setting<unknown>>();
    const changed: Request[] = [];
    for (const request of requests) {
      const { name, given } = request;
      const kind: Kind<unknown> = directiveOf(name).kind;
      try {
        const setting = this.#settings.read(name, splitValue(kind, request.value));
        const current = this.#settings.get(name);
        if (!mustApply(name, current, setting)) continue;
        if (!before.has(name)) before.set(name, current);
        this.#put(name, setting);
        changed.push(request);
      } catch (error) {
        this.#restore(before);
        if (error instanceof ConfigRejection) {
          return { given: given.toLowerCase(), reason: error.message };
        }
        throw error;
      }
    }
    return this.#notify(changed, before);
  }

  /**
   * Calls each listener of the changed directives once. When one refuses, restores `before` and
   * tells those called.
   */
  #notify(
    changed: ReadonlyArray<{ readonly given: string; readonly name: DirectiveName }>,
    before: ReadonlyMap<DirectiveName, Setting<unknown>>,
  ): Failure | undefined {
    const called = new Set<Listener>();
    for (const { given, name } of changed) {
      for (const listener of this.#listenersOf(name)) {
        if (called.has(listener)) continue;
        const reason = this.#callOrRestore(listener, before);
        if (reason === undefined) {
          called.add(listener);
          continue;
        }
        this.#restore(before);
        const alsoFailed = [...called].map((each) => each()).filter((each) => each !== undefined);
        return {
          given: given.toLowerCase(),
          reason: [reason, ...alsoFailed.map((each) => `restoring failed too: ${each}`)].join('; '),
        };
      }
    }
    return undefined;
  }

  #callOrRestore(
    listener: Listener,
    before: ReadonlyMap<DirectiveName, Setting<unknown>>,
  ): string | undefined {
    try {
      return listener();
    } catch (error) {
      this.#restore(before);
      throw error;
    }
  }

  #restore(before: ReadonlyMap<DirectiveName, Setting<unknown>>): void {
    for (const [name, setting] of before) this.#put(name, setting);
  }

  #put(name: DirectiveName, setting: Setting<unknown>): void {
    // The setting was made by this directive's own kind; the compiler cannot tie a name of the
    // union to its type.
    this.#settings.put(name, setting as Setting<never>);
    (this.values as Record<DirectiveName, unknown>)[name] = setting.value;
  }

  #listenersOf(name: DirectiveName): readonly Listener[] {
    return this.#listeners.get(name) ?? [];
  }
}

/** Longest part of a name that there is not that an error gives back, in bytes. */
const NAME_SHOWN_MAX = 128;

const LOADING = 'LOADING Redis is loading the dataset in memory';

function mustApply(
  name: DirectiveName,
  current: Setting<unknown>,
  wanted: Setting<unknown>,
): boolean {
  const { reapplied, kind } = directiveOf(name);
  return reapplied || !(kind as Kind<unknown>).same(current, wanted);
}

const WILDCARDS: readonly number[] = [...'[*?'].map((wildcard) => wildcard.charCodeAt(0));

function hasWildcard(pattern: Uint8Array): boolean {
  return pattern.some((byte) => WILDCARDS.includes(byte));
}

function matches(pattern: Uint8Array, name: string): boolean {
  const bytes = Buffer.from(name);
  return globMatch(pattern, 0, pattern.length, bytes, 0, bytes.length, true);
}

function equalNames(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function unknownOption(name: Buffer): string {
  const given = losslessText(name, 0, Math.min(name.length, NAME_SHOWN_MAX));
  return `ERR Unknown option or number of arguments for CONFIG SET - '${oneLine(given)}'`;
}

function failed({ given, reason }: Failure): string {
  return `ERR CONFIG SET failed (possibly related to argument '${given}') - ${oneLine(reason)}`;
}

/** An error is one line of the protocol, whatever a client wrote into a name. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ');
}

/** FUNCTION and FCALL: libraries of functions, in a state of their own. */
import type { Context } from '../commands/command.ts';
import { CommandError } from '../commands/errors.ts';
import type {
  Functions as FunctionsService,
  LibraryFacts,
  LibraryStore,
  RestorePolicy,
  RunningScript,
} from '../commands/services/scripting.ts';
import { sessionOf } from '../engine/session.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { DEFAULT_WRITING, type RdbWriting } from '../persistence/rdb-writer.ts';
import type { Args } from '../protocol/args.ts';
import { losslessText } from '../protocol/lossless-text.ts';
import type { Reply } from '../protocol/reply.ts';
import { dumpLibraries, readLibraries } from './function-dump.ts';
import { type LoadedFunction, type LoadedLibrary, readLibraryHead } from './function-library.ts';
import { FunctionRegistration } from './function-registration.ts';
import { ABORT, CompileError, GO_ON, LuaError, type LuaMachine } from './lua-machine.ts';
import { RecentNames } from './recent-names.ts';
import type { ScriptRunner } from './script-runner.ts';
import { SCRIPT_BYTES, ScriptState, type ScriptSurroundings } from './script-state.ts';

const SOURCE_NAME = '@user_function';
/** How long the code of a library may run as it is loaded. */
const LOAD_MS_MAX = 500;

const NOT_FOUND = new CommandError('ERR Function not found');
const NOT_READ_ONLY = new CommandError(
  'ERR Can not execute a script with write flag using *_ro command.',
);

/** See the file's comment. */
export class Functions implements FunctionsService, LibraryStore {
  /** How FUNCTION DUMP writes: as snapshots are written, which may change at any time. */
  writing: RdbWriting = DEFAULT_WRITING;
  readonly #runner: ScriptRunner;
  readonly #keyspace: Keyspace;
  readonly #state: ScriptState;
  readonly #registration: FunctionRegistration;
  /** The machine that the libraries are loaded in; another one needs them anew. */
  #machine: LuaMachine | null = null;
  #libraries = new Map<string, LoadedLibrary>();
  /** By their names in lower case. */
  readonly #functions = new Map<string, LoadedFunction>();
  readonly #recent = new RecentNames<LoadedFunction>();

  constructor(around: ScriptSurroundings, runner: ScriptRunner, keyspace: Keyspace) {
    this.#runner = runner;
    this.#keyspace = keyspace;
    this.#state = new ScriptState(around, {
      register_function: (L) => this.#registration.register(L),
    });
    this.#registration = new FunctionRegistration(this.#state);
  }

  get stateBytes(): number {
    return this.#state.memoryBytes;
  }

  get codeBytes(): number {
    let bytes = 0;
    for (const { code } of this.#libraries.values()) bytes += code.length + SCRIPT_BYTES;
    return bytes;
  }

  list(): readonly LibraryFacts[] {
    return [...this.#libraries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  load(code: Buffer, replaces: boolean): string {
    const { name, body } = readLibraryHead(code);
    const previous = this.#libraries.get(name);
    if (previous !== undefined && !replaces) {
      throw new CommandError(`ERR Library '${name}' already exists`);
    }
    this.#ensureLoaded();
    const functions = this.#register(body);
    if (functions.length === 0) throw new CommandError('ERR No functions registered');
    for (const added of functions) {
      const isTaken = this.#functions.has(added.name.toLowerCase());
      if (isTaken && !previous?.functions.some((known) => isSame(known, added))) {
        throw new CommandError(`ERR Function ${added.name} already exists`);
      }
    }
    if (previous !== undefined) this.#forget(previous);
    this.#keep({ name, code: Buffer.from(code), functions });
    this.#keyspace.dirty++;
    return name;
  }

  delete(name: string): boolean {
    const library = this.#libraries.get(name);
    if (library === undefined) return false;
    this.#forget(library);
    this.#keyspace.dirty++;
    return true;
  }

  flush(): void {
    this.#libraries.clear();
    this.#startAnew();
    this.#keyspace.dirty++;
  }

  dump(): Buffer {
    return dumpLibraries(this.codes, this.writing);
  }

  restore(payload: Buffer, policy: RestorePolicy): void {
    this.#restore(readLibraries(payload), policy);
  }

  get codes(): readonly Buffer[] {
    return this.list().map(({ code }) => code);
  }

  replace(codes: readonly Buffer[]): void {
    // Where there are none, no state has to be made.
    if (codes.length > 0 || this.#libraries.size > 0) this.#restore(codes, 'flush');
  }

  #restore(codes: readonly Buffer[], policy: RestorePolicy): void {
    const libraries = this.#libraries;
    this.#libraries = policy === 'flush' ? new Map() : new Map(libraries);
    this.#startAnew();
    try {
      for (const code of codes) {
        const { name } = readLibraryHead(code);
        if (policy !== 'replace' && this.#libraries.has(name)) {
          throw new CommandError(`ERR Library ${name} already exists`);
        }
        this.load(code, true);
      }
    } catch (problem) {
      this.#libraries = libraries;
      this.#startAnew();
      throw problem;
    }
    this.#keyspace.dirty++;
  }

  running(): RunningScript | null {
    return this.#runner.running;
  }

  call(context: Context, args: Args, reply: Reply, isReadOnly: boolean, keyCount: number): void {
    const called = this.#find(args);
    if (called === undefined) throw NOT_FOUND;
    if (isReadOnly && !called.isReadOnly) throw NOT_READ_ONLY;
    const state = this.#state;
    const { machine } = state;
    const { thread } = machine;
    machine.dereference(thread, called.reference);
    state.pushArguments(thread, args, 3, keyCount);
    state.pushArguments(thread, args, 3 + keyCount, args.count - 3 - keyCount);
    const call = {
      state,
      name: called.name,
      isFunction: true,
      isReadOnly: called.isReadOnly,
      allowsOutOfMemory: called.flags.includes('allow-oom'),
      argumentCount: 2,
      args,
    };
    this.#runner.run(sessionOf(context.client), call, reply);
  }

  has(args: Args): boolean {
    this.#ensureLoaded();
    return this.#find(args) !== undefined;
  }

  flagsOf(args: Args): readonly string[] | null {
    this.#ensureLoaded();
    return this.#find(args)?.flags ?? null;
  }

  /** The function that argument 1 names. */
  #find(args: Args): LoadedFunction | undefined {
    const recent = this.#recent.find(args, 1);
    if (recent !== undefined) return recent;
    const found = this.#functions.get(args.text(1).toLowerCase());
    if (found !== undefined) this.#recent.remember(args.copy(1), found);
    return found;
  }

  #keep(library: LoadedLibrary): void {
    this.#recent.clear();
    this.#libraries.set(library.name, library);
    for (const added of library.functions) this.#functions.set(added.name.toLowerCase(), added);
  }

  #forget(library: LoadedLibrary): void {
    this.#recent.clear();
    this.#libraries.delete(library.name);
    for (const { name, reference } of library.functions) {
      this.#functions.delete(name.toLowerCase());
      this.#state.machine.release(reference);
    }
  }

  /** Has the libraries loaded into a fresh state when they are needed. */
  #startAnew(): void {
    this.#recent.clear();
    this.#state.spoil();
    this.#machine = null;
  }

  /** Loads the libraries again when the state was dropped. */
  #ensureLoaded(): void {
    const { machine } = this.#state;
    if (this.#machine === machine) return;
    this.#machine = machine;
    const libraries = [...this.#libraries.values()];
    this.#functions.clear();
    this.#recent.clear();
    for (const { name, code } of libraries) {
      this.#keep({ name, code, functions: this.#register(readLibraryHead(code).body) });
    }
  }

  /** Runs the code of a library; answers what it registers. Throws CommandError. */
  #register(body: Buffer): readonly LoadedFunction[] {
    const { machine } = this.#state;
    this.#registration.functions = [];
    const reference = this.#compile(machine, body);
    machine.dereference(machine.thread, reference);
    const endMs = performance.now() + LOAD_MS_MAX;
    machine.abortText = 'FUNCTION LOAD timeout';
    this.#state.begin(() => (performance.now() < endMs ? GO_ON : ABORT));
    machine.isLoading = true;
    try {
      machine.run(0);
    } catch (problem) {
      for (const { reference: kept } of this.#registration.functions) machine.release(kept);
      if (!(problem instanceof LuaError)) {
        this.#state.spoil();
        throw problem;
      }
      const bytes = Buffer.from(problem.failure.text, 'latin1');
      const text = losslessText(bytes, 0, bytes.length);
      throw new CommandError(`ERR Error registering functions: ${text}`);
    } finally {
      machine.isLoading = false;
      machine.release(reference);
      this.#state.end();
    }
    const { functions } = this.#registration;
    for (const { reference: kept } of functions) machine.shortenGlobals(kept);
    return functions;
  }

  #compile(machine: LuaMachine, body: Buffer) {
    try {
      return machine.compile(body, SOURCE_NAME);
    } catch (problem) {
      if (!(problem instanceof CompileError)) throw problem;
      const bytes = Buffer.from(problem.message, 'latin1');
      const text = losslessText(bytes, 0, bytes.length);
      throw new CommandError(`ERR Error compiling function: ${text}`);
    }
  }
}

function isSame(a: LoadedFunction, b: LoadedFunction): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase();
}

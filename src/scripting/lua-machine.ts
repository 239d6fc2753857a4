/**
 * One Lua state in its sandbox: compiles scripts, runs one at a time, and can stop in the middle of
 * it and go on later.
 *
 * A script runs in a coroutine, `thread`, which is used again for the next one; after an error it
 * is dropped. Every `HOOK_INSTRUCTIONS` a hook asks `onHook` whether to go on. It can stop the
 * script only where Lua can yield: not inside of a function that C has called, such as the
 * comparison that `table.sort` was given; see `canYield`.
 */
import {
  GLOBALS,
  HOOK_COUNT,
  type LuaThread,
  REGISTRY,
  STATUS_OK,
  STATUS_YIELD,
  TYPE_FUNCTION,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua-exports.ts';
import { requireFunctionLayout, setsGlobals } from './lua-function.ts';
import { type LuaFunction, LuaModule } from './lua-module.ts';
import { canYield, pop, requireLayout, topObject } from './lua-stack.ts';
import { REMOVED_GLOBALS, SandboxNatives } from './sandbox-natives.ts';
import { SANDBOX_SOURCE } from './sandbox-source.ts';

/** What a library has: functions and constants; null is the null of `cjson`. */
export type Library = Readonly<Record<string, LuaFunction | number | string | null>>;

/** A reference to a value that the state keeps. */
export type LuaReference = number & { readonly luaReference: never };

const SANDBOX_NAME = '=sandbox';
const HOOK_INSTRUCTIONS = 100_000;
/** Protected calls and coroutines within each other; each takes its part of the stack. */
const DEPTH_MAX = 180;
/** The fields of `lua_Debug`. */
const DEBUG_WHAT = 12;
const DEBUG_SOURCE = 16;
const DEBUG_LINE = 20;
const DEBUG_RECORD = 16;

/** What the hook wants. */
export const GO_ON = 0;
export const PAUSE = 1;
export const ABORT = 2;

/** What became of a script. */
export interface Failure {
  readonly text: string;
  readonly source: string;
  readonly line: number;
}

/** See the file's comment. */
export class LuaMachine {
  readonly module: LuaModule;
  readonly main: LuaThread;
  readonly bytesMax: number;
  /** Where the fields are of a table that has none; see `lua-stack.ts`. */
  readonly noFields: number;
  /** Asked as a script runs; ABORT comes with the text in `abortText`. */
  onHook: () => number = () => GO_ON;
  abortText = '';
  /** References to the two forms of `next`. */
  nextPlain!: LuaReference;
  nextFrozen!: LuaReference;
  readonly #hook: number;
  readonly #chain: LuaThread[] = [];
  #thread: LuaThread | null = null;
  #threadReference: LuaReference | null = null;
  /** The real table of globals: no script may get hold of it. */
  globals!: LuaReference;
  /** The globals that scripts see: empty, with a metatable that reads from others. */
  #environment!: LuaReference;
  #loadingGlobals: LuaReference | null = null;
  #paused = false;
  /** What the code that was compiled last is called. */
  #source = '';

  /** `loading` is the table \`redis\` of a library as it is loaded; see `isLoading`. */
  constructor(
    bytesMax: number,
    libraries: Readonly<Record<string, Library>>,
    loading: Library = {},
  ) {
    this.bytesMax = bytesMax;
    this.module = new LuaModule(bytesMax);
    const { api } = this.module;
    this.main = api.luaL_newstate();
    this.noFields = requireLayout(this.module, this.main);
    requireFunctionLayout(this.module, this.main);
    this.#hook = this.module.addFunctions([(L) => this.#onHook(L as LuaThread)], 2, 0);
    for (const open of [
      api.luaopen_base,
      api.luaopen_string,
      api.luaopen_table,
      api.luaopen_math,
    ]) {
      open(this.main);
      api.lua_settop(this.main, 0);
    }
    this.#build(libraries, loading);
  }

  /** Whether the script holds so much memory that the state is better dropped after it. */
  get memoryBytes(): number {
    return this.module.memoryBytes;
  }

  /** The coroutine that scripts run in. */
  get thread(): LuaThread {
    if (this.#thread === null) {
      const { api } = this.module;
      this.#thread = api.lua_newthread(this.main);
      this.#threadReference = this.reference(this.main);
      api.lua_sethook(this.#thread, this.#hook, HOOK_COUNT, HOOK_INSTRUCTIONS);
    }
    return this.#thread;
  }

  /** Keeps the value on top of the stack, which it takes off. */
  reference(L: LuaThread): LuaReference {
    return this.module.api.luaL_ref(L, REGISTRY) as LuaReference;
  }

  /** Pushes a value that was kept. */
  dereference(L: LuaThread, reference: number): void {
    this.module.api.lua_rawgeti(L, REGISTRY, reference);
  }

  release(reference: LuaReference): void {
    this.module.api.luaL_unref(this.main, REGISTRY, reference);
  }

  /** Compiles a text; throws what is wrong with it, as a string without a code. */
  compile(code: Buffer, name: string): LuaReference {
    const { module, main } = this;
    const { api } = module;
    // Compiled code begins with a byte that text never begins with.
    if (name !== SANDBOX_NAME) this.#source = name;
    const text = code[0] === 0x1b ? Buffer.concat([Buffer.from(' '), code]) : code;
    const room = api.malloc(text.length + 1);
    if (room === 0) throw new CompileError('not enough memory');
    module.bytes.set(text, room);
    const status = api.luaL_loadbuffer(main, room, text.length, module.name(name));
    api.free(room);
    if (status === STATUS_OK) return this.reference(main);
    const problem = module.text(main, -1);
    api.lua_settop(main, 0);
    throw new CompileError(problem);
  }

  /**
   * Has a function find globals in their real table, without the detour through its read-only form.
   * One that sets globals goes on with that; none can hand its globals out.
   */
  shortenGlobals(reference: LuaReference): void {
    const { module, main } = this;
    this.dereference(main, reference);
    if (!setsGlobals(module.view, topObject(module.view, main))) {
      this.dereference(main, this.globals);
      module.api.lua_setfenv(main, -2);
    }
    pop(module.view, main, 1);
  }

  /** Sets a field of the table below the value on top of the stack, which it takes off. */
  setField(L: LuaThread, name: string): void {
    this.module.api.lua_setfield(L, -2, this.module.name(name));
  }

  /**
   * Runs the function that lies below so many arguments on the stack of `thread`, or goes on with
   * one that was paused; true when it is paused again. Its results are then on the stack. Throws a
   * LuaError.
   */
  run(argumentCount: number): boolean {
    const { api } = this.module;
    const { thread } = this;
    this.#paused = false;
    const status = api.lua_resume(thread, argumentCount);
    if (status === STATUS_OK) return false;
    if (status === STATUS_YIELD) {
      if (this.#paused) return true;
      this.drop();
      throw new LuaError({ text: 'ERR a script has yielded', source: '@user_script', line: 0 });
    }
    const failure = this.#failure(thread);
    this.drop();
    throw new LuaError(failure);
  }

  /** Whether globals are those of a library that is being loaded. */
  set isLoading(isLoading: boolean) {
    const { module, main } = this;
    const { api } = module;
    this.dereference(main, this.#environment);
    api.lua_getmetatable(main, -1);
    this.dereference(main, isLoading ? this.#loadingGlobals! : this.globals);
    api.lua_setfield(main, -2, module.name('__index'));
    api.lua_settop(main, 0);
  }

  /** Gives up the coroutine of a script that has failed. */
  drop(): void {
    if (this.#threadReference !== null) this.release(this.#threadReference);
    this.#thread = null;
    this.#chain.length = 0;
  }

  /** Where the function is that has called this many levels up: its source and line. */
  where(L: LuaThread, level: number): { what: string; source: string; line: number } | null {
    const { module } = this;
    const { api } = module;
    const record = module.out + DEBUG_RECORD;
    if (api.lua_getstack(L, level, record) === 0) return null;
    api.lua_getinfo(L, module.name('Sl'), record);
    const { view } = module;
    return {
      what: module.cText(view.getUint32(record + DEBUG_WHAT, true)),
      source: module.cText(view.getUint32(record + DEBUG_SOURCE, true)),
      line: view.getInt32(record + DEBUG_LINE, true),
    };
  }

  /** Pushes a table of functions and constants. */
  pushLibrary(L: LuaThread, library: Library): void {
    const { module } = this;
    const { api } = module;
    api.lua_createtable(L, 0, 0);
    const functions = Object.values(library).filter((value) => typeof value === 'function');
    const first = module.addFunctions(functions as ((L: number) => number)[], 1, 1);
    let next = first;
    for (const [name, value] of Object.entries(library)) {
      if (typeof value === 'function') api.lua_pushcclosure(L, next++, 0);
      else if (typeof value === 'number') api.lua_pushnumber(L, value);
      else if (value === null) api.lua_pushlightuserdata(L, 0);
      else module.pushText(L, value);
      api.lua_setfield(L, -2, module.name(name));
    }
  }

  #build(libraries: Readonly<Record<string, Library>>, loading: Library): void {
    const { module, main } = this;
    const { api } = module;
    const natives = new SandboxNatives(this);
    api.lua_pushvalue(main, GLOBALS);
    this.globals = this.reference(main);
    api.lua_getfield(main, GLOBALS, module.name('next'));
    this.nextPlain = this.reference(main);
    const source = this.compile(Buffer.from(SANDBOX_SOURCE), SANDBOX_NAME);
    this.dereference(main, source);
    this.pushLibrary(main, {
      enter: (L) => this.#enter(L),
      leave: (L) => this.#leave(L),
      isLua: (L) => this.#isLua(L),
      freeze: (L) => natives.freeze(L),
      loadstring: natives.loadstring(),
      offer: (L) => {
        this.#loadingGlobals = this.reference(L);
        return 0;
      },
    });
    const groups: Record<string, Library> = {
      replaced: natives.globals(),
      replacedString: natives.strings(),
      replacedTable: natives.tables(),
      replacedMath: natives.maths(),
      loading,
      removed: Object.fromEntries(REMOVED_GLOBALS.map((name) => [name, name])),
    };
    for (const [name, group] of Object.entries(groups)) {
      this.pushLibrary(main, group);
      if (name === 'replaced') {
        api.lua_getfield(main, -1, module.name('next'));
        this.nextFrozen = this.reference(main);
      }
      api.lua_setfield(main, -2, module.name(name));
    }
    api.lua_createtable(main, 0, 0);
    for (const [name, library] of Object.entries(libraries)) {
      this.pushLibrary(main, library);
      api.lua_setfield(main, -2, module.name(name));
    }
    api.lua_setfield(main, -2, module.name('libraries'));
    if (api.lua_pcall(main, 1, 1, 0) !== STATUS_OK) {
      throw new Error(`the sandbox cannot be built: ${module.text(main, -1)}`);
    }
    api.lua_pushvalue(main, -1);
    this.#environment = this.reference(main);
    api.lua_replace(main, GLOBALS);
    this.release(source);
    api.lua_settop(main, 0);
  }

  #enter(L: LuaThread): number {
    if (this.#chain.length >= DEPTH_MAX) this.module.raise(L, 'C stack overflow');
    this.#chain.push(this.module.api.lua_tothread(L, 1));
    return 0;
  }

  #leave(L: LuaThread): number {
    this.#chain.pop();
    this.module.api.lua_pushboolean(L, Number(this.#paused));
    return 1;
  }

  #isLua(L: LuaThread): number {
    const { api } = this.module;
    const isLua = api.lua_type(L, 1) === TYPE_FUNCTION && api.lua_iscfunction(L, 1) === 0;
    api.lua_pushboolean(L, Number(isLua));
    return 1;
  }

  /** Whether the script can be stopped here, in all of its coroutines. */
  get canYield(): boolean {
    const { view } = this.module;
    return canYield(view, this.thread) && this.#chain.every((L) => canYield(view, L));
  }

  #onHook(L: LuaThread): undefined {
    const { module } = this;
    const wanted = this.onHook();
    if (wanted === GO_ON) return;
    if (wanted === PAUSE) {
      this.#paused = true;
      module.api.lua_yield(L, 0);
      return;
    }
    // From here on every instruction fails, in whichever coroutine, so that no protected call goes
    // on.
    for (const each of [this.thread, ...this.#chain, L]) {
      module.api.lua_sethook(each, this.#hook, HOOK_COUNT, 1);
    }
    module.api.lua_createtable(L, 0, 1);
    module.pushText(L, `ERR ${this.abortText}`);
    module.api.lua_setfield(L, -2, module.name('err'));
    module.raiseTop(L);
  }

  #failure(L: LuaThread): Failure {
    const { module } = this;
    const { api } = module;
    const { source, line } = this.#placeOfError(L);
    const type = api.lua_type(L, -1);
    if (type !== TYPE_TABLE) return { text: `ERR ${this.#shown(L)}`, source, line };
    module.pushText(L, 'err');
    api.lua_rawget(L, -2);
    return { text: this.#shown(L), source, line };
  }

  /** The innermost function of the script itself. */
  #placeOfError(L: LuaThread): { source: string; line: number } {
    for (let level = 0; ; level++) {
      const place = this.where(L, level);
      // All that is left of it is a tail call.
      if (place === null) return { source: this.#source, line: 0 };
      if (place.line >= 0 && place.source !== SANDBOX_NAME) return place;
    }
  }

  /** The value on top of the stack as `tostring` shows it. */
  #shown(L: LuaThread): string {
    const { module } = this;
    const { api } = module;
    const type = api.lua_type(L, -1);
    if (type === TYPE_STRING || type === TYPE_NUMBER) {
      return module.stringBytes(L, -1).toString('latin1');
    }
    if (type === 1) return api.lua_toboolean(L, -1) ? 'true' : 'false';
    if (type === 0) return 'nil';
    return `${module.typeName(L, -1)}: 0x${api.lua_topointer(L, -1).toString(16).padStart(8, '0')}`;
  }
}

/** A script does not compile; `message` is what Lua says. */
export class CompileError extends Error {
  override name = 'CompileError';
}

/** A script has failed. */
export class LuaError extends Error {
  override name = 'LuaError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.text);
    this.failure = failure;
  }
}

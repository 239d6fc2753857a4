/**
 * The functions of Lua's own libraries that scripts get in another form. They run in the place of
 * the originals, with the same arguments on the stack, so that errors read the same.
 */

import { GLOBALS, type LuaThread, TYPE_NIL, TYPE_STRING, TYPE_TABLE } from './lua-exports.ts';
import type { LuaMachine } from './lua-machine.ts';
import type { LuaFunction } from './lua-module.ts';
import { Lrand48, RANDOM_MAX } from './random.ts';

/** Whatever may be read of a state, written by nobody. */
const READ_ONLY = 'Attempt to modify a readonly table';
/** The first byte of compiled code: who can load that owns the process. */
const COMPILED = 0x1b;

/** Globals that lead out of the sandbox. */
export const REMOVED_GLOBALS: readonly string[] = [
  'dofile',
  'loadfile',
  'print',
  'getfenv',
  'setfenv',
  'newproxy',
  'module',
  'require',
  'package',
];

type Original = (L: LuaThread) => number;

/** See the file's comment; the originals are looked up in the state's globals. */
export class SandboxNatives {
  readonly #machine: LuaMachine;
  readonly #random = new Lrand48();
  /** References to the real tables behind the read-only ones, by address. */
  readonly #real = new Map<number, number>();

  constructor(machine: LuaMachine) {
    this.#machine = machine;
  }

  /** The globals that take the place of others of the same name. */
  globals(): Record<string, LuaFunction> {
    return {
      rawset: this.#guarded('rawset'),
      setmetatable: this.#guarded('setmetatable'),
      rawget: this.#reading('rawget'),
      next: this.#reading('next'),
      pairs: (L) => this.#pairs(L),
      loadstring: this.loadstring(),
    };
  }

  tables(): Record<string, LuaFunction> {
    return {
      insert: this.#guarded('table', 'insert'),
      remove: this.#guarded('table', 'remove'),
      sort: this.#guarded('table', 'sort'),
      setn: this.#guarded('table', 'setn'),
      foreach: this.#reading('table', 'foreach'),
    };
  }

  strings(): Record<string, LuaFunction> {
    const { module } = this.#machine;
    const rep = this.#original('string', 'rep');
    return {
      rep: (L) => {
        module.api.luaL_checklstring(L, 1, module.out);
        const total = module.length * module.api.luaL_checknumber(L, 2);
        if (total > this.#machine.bytesMax) module.raise(L, 'resulting string too large');
        // Nothing, repeated as often as a script likes, is not worth the time.
        if (module.length === 0) {
          module.api.lua_settop(L, 1);
          return 1;
        }
        return rep(L);
      },
    };
  }

  maths(): Record<string, LuaFunction> {
    return { random: (L) => this.#randomNumber(L), randomseed: (L) => this.#seed(L) };
  }

  /** Marks the table at index 1 as the read-only form of that at 2. */
  freeze(L: LuaThread): number {
    const { api } = this.#machine.module;
    const address = api.lua_topointer(L, 1);
    // Never collected, so that the address stays its own.
    api.lua_pushvalue(L, 1);
    this.#machine.reference(L);
    api.lua_pushvalue(L, 2);
    this.#real.set(address, this.#machine.reference(L));
    return 0;
  }

  /** As Lua's own, except that compiled code is read as text, which it is not. */
  loadstring(): LuaFunction {
    const { module } = this.#machine;
    const original = this.#original('loadstring');
    return (L) => {
      const { api } = module;
      if (api.lua_type(L, 1) === TYPE_STRING) {
        const start = module.string(L, 1);
        if (module.length > 0 && module.bytes[start] === COMPILED) {
          if (api.lua_type(L, 2) <= TYPE_NIL) {
            api.lua_settop(L, 1);
            api.lua_pushvalue(L, 1);
          }
          module.pushText(L, ' ');
          api.lua_pushvalue(L, 1);
          api.lua_concat(L, 2);
          api.lua_replace(L, 1);
        }
      }
      return original(L);
    };
  }

  #original(library: string, name?: string): Original {
    const { module, main } = this.#machine;
    const { api } = module;
    api.lua_getfield(main, GLOBALS, module.name(library));
    if (name !== undefined) api.lua_getfield(main, -1, module.name(name));
    const index = api.lua_tocfunction(main, -1);
    api.lua_settop(main, name === undefined ? -2 : -3);
    return api.__indirect_function_table.get(index);
  }

  /** Refuses to write into a read-only table. */
  #guarded(library: string, name?: string): LuaFunction {
    const original = this.#original(library, name);
    const { module } = this.#machine;
    return (L) => {
      if (this.#real.has(module.api.lua_topointer(L, 1))) {
        module.pushText(L, READ_ONLY);
        module.raiseTop(L);
      }
      return original(L);
    };
  }

  /** Reads the real table in place of its read-only form. */
  #reading(library: string, name?: string): LuaFunction {
    const original = this.#original(library, name);
    const { api } = this.#machine.module;
    return (L) => {
      const real = this.#real.get(api.lua_topointer(L, 1));
      if (real !== undefined) {
        this.#machine.dereference(L, real);
        api.lua_replace(L, 1);
      }
      return original(L);
    };
  }

  #pairs(L: LuaThread): number {
    const { api } = this.#machine.module;
    api.luaL_checktype(L, 1, TYPE_TABLE);
    const isFrozen = this.#real.has(api.lua_topointer(L, 1));
    this.#machine.dereference(L, isFrozen ? this.#machine.nextFrozen : this.#machine.nextPlain);
    api.lua_pushvalue(L, 1);
    api.lua_pushnil(L);
    return 3;
  }

  #randomNumber(L: LuaThread): number {
    const { module } = this.#machine;
    const { api } = module;
    const fraction = (this.#random.next() % RANDOM_MAX) / RANDOM_MAX;
    const count = api.lua_gettop(L);
    if (count === 0) {
      api.lua_pushnumber(L, fraction);
    } else if (count === 1) {
      const most = Math.trunc(api.luaL_checknumber(L, 1)) | 0;
      if (most < 1) module.argumentError(L, 1, 'interval is empty');
      api.lua_pushnumber(L, Math.floor(fraction * most) + 1);
    } else if (count === 2) {
      const least = Math.trunc(api.luaL_checknumber(L, 1)) | 0;
      const most = Math.trunc(api.luaL_checknumber(L, 2)) | 0;
      if (least > most) module.argumentError(L, 2, 'interval is empty');
      api.lua_pushnumber(L, Math.floor(fraction * (most - least + 1)) + least);
    } else {
      module.raise(L, 'wrong number of arguments');
    }
    return 1;
  }

  #seed(L: LuaThread): number {
    this.#random.seed(this.#machine.module.api.luaL_checknumber(L, 1) | 0);
    return 0;
  }
}

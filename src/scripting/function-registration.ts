/** redis.register_function: what a library calls as it is loaded. */

import { losslessText } from '../protocol/lossless-text.ts';
import { BAD_NAME, isName, type LoadedFunction } from './function-library.ts';
import {
  type LuaThread,
  TYPE_FUNCTION,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua-exports.ts';
import type { LuaReference } from './lua-machine.ts';
import { SCRIPT_FLAGS } from './script-flags.ts';
import type { ScriptState } from './script-state.ts';

/** What is gathered of one function. */
interface Draft {
  name: string | null;
  description: string | null;
  flags: readonly string[];
  reference: LuaReference | null;
}

/** Collects the functions of the library that is being loaded. */
export class FunctionRegistration {
  /** Those of the library so far. */
  functions: LoadedFunction[] = [];
  readonly #state: ScriptState;

  constructor(state: ScriptState) {
    this.#state = state;
  }

  /** The function itself: two arguments, or a table of named ones. */
  register(L: LuaThread): number {
    const { api } = this.#state.machine.module;
    const count = api.lua_gettop(L);
    if (count < 1 || count > 2) {
      this.#fail(L, 'wrong number of arguments to redis.register_function');
    }
    const draft = count === 1 ? this.#named(L) : this.#positional(L);
    const { name, reference } = draft;
    if (name === null) {
      return this.#fail(L, 'redis.register_function must get a function name argument');
    }
    if (reference === null) {
      return this.#fail(L, 'redis.register_function must get a callback argument');
    }
    if (!isName(name)) this.#fail(L, BAD_NAME);
    // Functions are called by their names whatever the case.
    const lowerName = name.toLowerCase();
    if (this.functions.some((known) => known.name.toLowerCase() === lowerName)) {
      this.#fail(L, 'Function already exists in the library');
    }
    const { description, flags } = draft;
    const isReadOnly = flags.includes('no-writes');
    this.functions.push({ name, description, flags, isReadOnly, reference });
    return 0;
  }

  #fail(L: LuaThread, text: string): never {
    this.#state.calls.fail(L, `ERR ${text}`, true);
    throw new Error('an error of Lua came back');
  }

  #positional(L: LuaThread): Draft {
    const { api } = this.#state.machine.module;
    const name = this.#text(L, 1);
    if (name === null) {
      return this.#fail(L, 'first argument to redis.register_function must be a string');
    }
    if (api.lua_type(L, 2) !== TYPE_FUNCTION) {
      this.#fail(L, 'second argument to redis.register_function must be a function');
    }
    return { name, description: null, flags: [], reference: this.#keep(L, 2) };
  }

  #named(L: LuaThread): Draft {
    const { api } = this.#state.machine.module;
    if (api.lua_type(L, 1) !== TYPE_TABLE) {
      this.#fail(
        L,
        'calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).',
      );
    }
    const draft: Draft = { name: null, description: null, flags: [], reference: null };
    api.lua_pushnil(L);
    while (api.lua_next(L, 1) !== 0) {
      const key = api.lua_type(L, -2) === TYPE_STRING ? this.#text(L, -2) : null;
      if (key === null) {
        return this.#fail(L, 'named argument key given to redis.register_function is not a string');
      }
      this.#take(L, key.toLowerCase(), draft);
      api.lua_settop(L, -2);
    }
    return draft;
  }

  /** Takes the named argument that is on top of the stack. */
  #take(L: LuaThread, key: string, draft: Draft): void {
    const { api } = this.#state.machine.module;
    const what = 'argument given to redis.register_function must be a';
    if (key === 'function_name') {
      draft.name = this.#text(L, -1) ?? this.#fail(L, `function_name ${what} string`);
    } else if (key === 'description') {
      draft.description = this.#utf8(L) ?? this.#fail(L, `description ${what} string`);
    } else if (key === 'callback') {
      if (api.lua_type(L, -1) !== TYPE_FUNCTION) this.#fail(L, `callback ${what} function`);
      draft.reference = this.#keep(L, -1);
    } else if (key === 'flags') {
      draft.flags = this.#flags(L);
    } else {
      this.#fail(L, 'unknown argument given to redis.register_function');
    }
  }

  #flags(L: LuaThread): readonly string[] {
    const { api } = this.#state.machine.module;
    if (api.lua_type(L, -1) !== TYPE_TABLE) {
      this.#fail(
        L,
        'flags argument to redis.register_function must be a table representing function flags',
      );
    }
    const flags: string[] = [];
    for (let i = 1; ; i++) {
      api.lua_rawgeti(L, -1, i);
      const type = api.lua_type(L, -1);
      const flag = type === TYPE_STRING ? this.#text(L, -1) : null;
      api.lua_settop(L, -2);
      if (type === 0) return flags;
      if (flag === null || !SCRIPT_FLAGS.includes(flag)) this.#fail(L, 'unknown flag given');
      else if (!flags.includes(flag)) flags.push(flag);
    }
  }

  /** A string, or a number as one; null for anything else. */
  #text(L: LuaThread, index: number): string | null {
    const { module } = this.#state.machine;
    const type = module.api.lua_type(L, index);
    if (type !== TYPE_STRING && type !== TYPE_NUMBER) return null;
    module.api.lua_pushvalue(L, index);
    const text = module.stringBytes(L, -1).toString('latin1');
    module.api.lua_settop(L, -2);
    return text;
  }

  /** The same of the value on top, with all that Latin-1 does not have. */
  #utf8(L: LuaThread): string | null {
    const text = this.#text(L, -1);
    if (text === null) return null;
    const bytes = Buffer.from(text, 'latin1');
    return losslessText(bytes, 0, bytes.length);
  }

  #keep(L: LuaThread, index: number): LuaReference {
    const { machine } = this.#state;
    machine.module.api.lua_pushvalue(L, index);
    return machine.reference(L);
  }
}

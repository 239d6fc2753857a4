/**
 * Lua values as JSON, as `cjson.encode` writes it: a table whose keys are all positive integers is
 * an array, unless too many are missing; an empty one is an object.
 */
import { ByteSink } from './byte-sink.ts';
import type { CjsonSettings } from './cjson-settings.ts';
import {
  type LuaThread,
  TYPE_BOOLEAN,
  TYPE_LIGHT_USERDATA,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';
import { formatGeneral } from './number-text.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** Places of the stack that one level takes. */
const PLACES = 4;
const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/** What stands for a byte in a string; none for those that stand for themselves. */
const ESCAPES: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const short = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r', 34: '"', 47: '/', 92: '\\' }[byte];
  if (short !== undefined) return `\\${short}`;
  return byte < 0x20 || byte === 0x7f ? `\\u00${byte.toString(16).padStart(2, '0')}` : undefined;
});
const ESCAPED = Uint8Array.from(ESCAPES, (text) => Number(text !== undefined));

/** See the file's comment. */
export class CjsonEncoder {
  readonly out = new ByteSink();
  readonly #module: LuaModule;
  readonly #settings: CjsonSettings;

  constructor(module: LuaModule, settings: CjsonSettings) {
    this.#module = module;
    this.#settings = settings;
  }

  /** Writes the value on top of the stack to `out`; raises an error. */
  encode(L: LuaThread): void {
    this.out.clear();
    this.#value(L, 0);
  }

  #value(L: LuaThread, depth: number): void {
    const { api } = this.#module;
    const type = api.lua_type(L, -1);
    if (type === TYPE_STRING) this.#string(L);
    else if (type === TYPE_NUMBER) this.#number(L, -1);
    else if (type === TYPE_BOOLEAN) this.out.text(api.lua_toboolean(L, -1) ? 'true' : 'false');
    else if (type === TYPE_TABLE) this.#table(L, depth + 1);
    else if (type === TYPE_NIL) this.out.text('null');
    else if (type === TYPE_LIGHT_USERDATA && api.lua_topointer(L, -1) === 0) this.out.text('null');
    else this.#fail(L, 'type not supported');
  }

  #fail(L: LuaThread, reason: string): never {
    const type = this.#module.typeName(L, -1);
    return this.#module.raise(L, `Cannot serialise ${type}: ${reason}`);
  }

  #table(L: LuaThread, depth: number): void {
    const { api } = this.#module;
    if (depth > this.#settings.encodeDepthMax || api.lua_checkstack(L, PLACES) === 0) {
      this.#module.raise(L, `Cannot serialise, excessive nesting (${depth})`);
    }
    const length = this.#arrayLength(L);
    if (length > 0) this.#array(L, length, depth);
    else this.#object(L, depth);
  }

  /** The greatest index of the table on top; -1 for one that is an object. */
  #arrayLength(L: LuaThread): number {
    const { api } = this.#module;
    let greatest = 0;
    let count = 0;
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      const key = api.lua_type(L, -2) === TYPE_NUMBER ? api.lua_tonumber(L, -2) : 0;
      if (key < 1 || Math.floor(key) !== key) {
        api.lua_settop(L, -3);
        return -1;
      }
      // An index that is no int of C wraps to the least, and makes an object.
      if (key > greatest) greatest = key > INT_MAX ? INT_MIN : key;
      count++;
      api.lua_settop(L, -2);
    }
    const { sparseRatio, sparseSafe, sparseConvert } = this.#settings;
    if (sparseRatio > 0 && greatest > count * sparseRatio && greatest > sparseSafe) {
      if (!sparseConvert) this.#fail(L, 'excessively sparse array');
      return -1;
    }
    return greatest;
  }

  #array(L: LuaThread, length: number, depth: number): void {
    const { api } = this.#module;
    const { out } = this;
    out.byte(0x5b);
    for (let i = 1; i <= length; i++) {
      if (i > 1) out.byte(COMMA);
      api.lua_rawgeti(L, -1, i);
      this.#value(L, depth);
      api.lua_settop(L, -2);
    }
    out.byte(0x5d);
  }

  #object(L: LuaThread, depth: number): void {
    const { api } = this.#module;
    const { out } = this;
    out.byte(0x7b);
    let isFirst = true;
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      if (!isFirst) out.byte(COMMA);
      isFirst = false;
      const type = api.lua_type(L, -2);
      if (type === TYPE_STRING) {
        api.lua_pushvalue(L, -2);
        this.#string(L);
        api.lua_settop(L, -2);
      } else if (type === TYPE_NUMBER) {
        out.byte(QUOTE);
        this.#number(L, -2);
        out.byte(QUOTE);
      } else {
        this.#module.raise(
          L,
          `Cannot serialise ${this.#module.typeName(L, -2)}: table key must be a number or string`,
        );
      }
      out.byte(0x3a);
      this.#value(L, depth);
      api.lua_settop(L, -2);
    }
    out.byte(0x7d);
  }

  #number(L: LuaThread, index: number): void {
    const value = this.#module.api.lua_tonumber(L, index);
    const { encodeInvalid, precision } = this.#settings;
    if (!Number.isFinite(value)) {
      if (encodeInvalid === 'off') this.#fail(L, 'must not be NaN or Inf');
      if (encodeInvalid === 'null') {
        this.out.text('null');
        return;
      }
      if (Number.isNaN(value)) {
        this.out.text('nan');
        return;
      }
    }
    this.out.text(formatGeneral(value, precision));
  }

  #string(L: LuaThread): void {
    const module = this.#module;
    const start = module.string(L, -1);
    const { length, bytes } = module;
    const { out } = this;
    out.reserve(length + 2);
    out.byte(QUOTE);
    let copied = 0;
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i]!;
      if (ESCAPED[byte] === 0) continue;
      if (i > copied) out.copy(bytes, start + copied, i - copied);
      if (byte === QUOTE || byte === BACKSLASH) {
        out.byte(BACKSLASH);
        out.byte(byte);
      } else {
        out.text(ESCAPES[byte]!);
      }
      copied = i + 1;
    }
    out.copy(bytes, start + copied, length - copied);
    out.byte(QUOTE);
  }
}

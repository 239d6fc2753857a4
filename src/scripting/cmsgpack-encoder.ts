/**
 * Lua values as MessagePack, as `cmsgpack.pack` writes them: whole numbers as the shortest integer,
 * others as a float if that loses nothing; a table with the keys 1 to n as an array, an empty one
 * too; what MessagePack does not have as nil.
 */
import { ByteSink } from './byte-sink.ts';
import {
  type LuaThread,
  TYPE_BOOLEAN,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';

/** Tables within tables; those deeper are nil. */
const DEPTH_MAX = 16;
const PLACES = 4;
const NIL = 0xc0;
const FALSE = 0xc2;
const TRUE = 0xc3;
const FLOAT = 0xca;
const DOUBLE = 0xcb;
const INT64_BORDER = 2 ** 63;
const WORD = 2 ** 32;
const INT32_MAX = 2 ** 31;

/** See the file's comment. */
export class CmsgpackEncoder {
  readonly out = new ByteSink();
  readonly #module: LuaModule;

  constructor(module: LuaModule) {
    this.#module = module;
  }

  /** Appends the value on top of the stack to `out`, and takes it off. */
  encode(L: LuaThread, depth = 0): void {
    const module = this.#module;
    const { api } = module;
    const { out } = this;
    const type = api.lua_type(L, -1);
    if (type === TYPE_STRING) this.#string(L);
    else if (type === TYPE_BOOLEAN) out.byte(api.lua_toboolean(L, -1) ? TRUE : FALSE);
    else if (type === TYPE_NUMBER) this.#number(api.lua_tonumber(L, -1));
    else if (type === TYPE_TABLE && depth < DEPTH_MAX) this.#table(L, depth);
    else out.byte(NIL);
    api.lua_settop(L, -2);
  }

  #string(L: LuaThread): void {
    const module = this.#module;
    const { out } = this;
    const start = module.string(L, -1);
    const { length } = module;
    if (length < 32) out.byte(0xa0 | length);
    else this.#header(length, 0xd9, 0xda, 0xdb);
    out.copy(module.bytes, start, length);
  }

  /** A type byte and a length in as few bytes as there are types for. */
  #header(length: number, type8: number, type16: number, type32: number): void {
    const { out } = this;
    if (type8 !== 0 && length <= 0xff) {
      out.byte(type8);
      out.byte(length);
    } else if (length <= 0xffff) {
      out.byte(type16);
      out.uint(length, 2);
    } else {
      out.byte(type32);
      out.uint(length, 4);
    }
  }

  #number(value: number): void {
    const { out } = this;
    if (Number.isInteger(value) && value >= -INT64_BORDER && value < INT64_BORDER) {
      this.#integer(value);
      return;
    }
    out.reserve(9);
    if (Math.fround(value) === value) {
      out.byte(FLOAT);
      out.length = out.bytes.writeFloatBE(value, out.length);
    } else {
      out.byte(DOUBLE);
      out.length = out.bytes.writeDoubleBE(value, out.length);
    }
  }

  #integer(value: number): void {
    const { out } = this;
    if (value >= 0) {
      if (value <= 0x7f) out.byte(value);
      else if (value < WORD) this.#header(value, 0xcc, 0xcd, 0xce);
      else this.#wide(0xcf, value);
    } else if (value >= -32) {
      out.byte(value & 0xff);
    } else if (value >= -0x80) {
      out.byte(0xd0);
      out.byte(value & 0xff);
    } else if (value >= -0x8000) {
      out.byte(0xd1);
      out.uint(value & 0xffff, 2);
    } else if (value >= -INT32_MAX) {
      out.byte(0xd2);
      out.uint(value >>> 0, 4);
    } else {
      this.#wide(0xd3, value);
    }
  }

  #wide(type: number, value: number): void {
    const { out } = this;
    out.byte(type);
    const high = Math.floor(value / WORD);
    out.uint(high >>> 0, 4);
    out.uint(value - high * WORD, 4);
  }

  #table(L: LuaThread, depth: number): void {
    const { api } = this.#module;
    api.lua_checkstack(L, PLACES);
    const { count, isArray } = this.#measure(L);
    if (isArray) {
      if (count <= 15) this.out.byte(0x90 | count);
      else this.#header(count, 0, 0xdc, 0xdd);
      for (let i = 1; i <= count; i++) {
        api.lua_rawgeti(L, -1, i);
        this.encode(L, depth + 1);
      }
      return;
    }
    if (count <= 15) this.out.byte(0x80 | count);
    else this.#header(count, 0, 0xde, 0xdf);
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      api.lua_pushvalue(L, -2);
      this.encode(L, depth + 1);
      this.encode(L, depth + 1);
    }
  }

  #measure(L: LuaThread): { count: number; isArray: boolean } {
    const { api } = this.#module;
    let count = 0;
    let greatest = 0;
    let isArray = true;
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      api.lua_settop(L, -2);
      const key = api.lua_type(L, -1) === TYPE_NUMBER ? api.lua_tonumber(L, -1) : 0;
      if (key <= 0 || !Number.isInteger(key) || key >= INT32_MAX) isArray = false;
      greatest = Math.max(greatest, key);
      count++;
    }
    return { count, isArray: isArray && greatest === count };
  }
}

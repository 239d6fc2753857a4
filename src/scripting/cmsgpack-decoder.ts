/**
 * MessagePack as Lua values, as `cmsgpack.unpack` reads it. The data are copied out of the state's
 * memory, which may move.
 */
import type { LuaThread } from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';

const PLACES = 4;
const WORD = 2 ** 32;
/** Deeper data would exhaust the stack of the process; no memory holds so many levels of Lua. */
const DEPTH_MAX = 2000;

const TRUNCATED = 'Missing bytes in input.';
const MALFORMED = 'Bad data format in input.';

/** See the file's comment. */
export class CmsgpackDecoder {
  /** Where the next value begins. */
  at = 0;
  readonly #module: LuaModule;
  readonly #data: Buffer;

  constructor(module: LuaModule, data: Buffer) {
    this.#module = module;
    this.#data = data;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#data.length;
  }

  /** Pushes the next value; raises an error. */
  next(L: LuaThread, depth = 0): void {
    const { api } = this.#module;
    const type = this.#data[this.#take(L, 1)]!;
    if (type <= 0x7f) api.lua_pushnumber(L, type);
    else if (type <= 0x8f) this.#map(L, type & 0x0f, depth);
    else if (type <= 0x9f) this.#array(L, type & 0x0f, depth);
    else if (type <= 0xbf) this.#string(L, type & 0x1f);
    else if (type >= 0xe0) api.lua_pushnumber(L, type - 256);
    else this.#typed(L, type, depth);
  }

  #typed(L: LuaThread, type: number, depth: number): void {
    const { api } = this.#module;
    const data = this.#data;
    switch (type) {
      case 0xc0:
        api.lua_pushnil(L);
        break;
      case 0xc2:
      case 0xc3:
        api.lua_pushboolean(L, type & 1);
        break;
      case 0xd9:
        this.#string(L, this.#uint(L, 1));
        break;
      case 0xda:
        this.#string(L, this.#uint(L, 2));
        break;
      case 0xdb:
        this.#string(L, this.#uint(L, 4));
        break;
      case 0xca:
        api.lua_pushnumber(L, data.readFloatBE(this.#take(L, 4)));
        break;
      case 0xcb:
        api.lua_pushnumber(L, data.readDoubleBE(this.#take(L, 8)));
        break;
      case 0xcc:
      case 0xcd:
      case 0xce:
        api.lua_pushnumber(L, this.#uint(L, 1 << (type - 0xcc)));
        break;
      case 0xcf: // The upper half is negative, as in Redis.
        api.lua_pushnumber(L, Number(data.readBigInt64BE(this.#take(L, 8))));
        break;
      case 0xd0:
        api.lua_pushnumber(L, data.readInt8(this.#take(L, 1)));
        break;
      case 0xd1:
        api.lua_pushnumber(L, data.readInt16BE(this.#take(L, 2)));
        break;
      case 0xd2:
        api.lua_pushnumber(L, data.readInt32BE(this.#take(L, 4)));
        break;
      case 0xd3:
        api.lua_pushnumber(L, Number(data.readBigInt64BE(this.#take(L, 8))));
        break;
      case 0xdc:
        this.#array(L, this.#uint(L, 2), depth);
        break;
      case 0xdd:
        this.#array(L, this.#uint(L, 4), depth);
        break;
      case 0xde:
        this.#map(L, this.#uint(L, 2), depth);
        break;
      case 0xdf:
        this.#map(L, this.#uint(L, 4), depth);
        break;
      default:
        this.#module.raise(L, MALFORMED);
    }
  }

  /** Where so many bytes begin, behind which the next value does. */
  #take(L: LuaThread, length: number): number {
    const start = this.at;
    if (length > this.#data.length - start) this.#module.raise(L, TRUNCATED);
    this.at = start + length;
    return start;
  }

  #uint(L: LuaThread, bytes: number): number {
    return this.#data.readUIntBE(this.#take(L, bytes), bytes) % WORD;
  }

  #string(L: LuaThread, length: number): void {
    const start = this.#take(L, length);
    this.#module.pushBytes(L, this.#data, start, length);
  }

  #descend(L: LuaThread, depth: number): void {
    const { api } = this.#module;
    if (depth < DEPTH_MAX && api.lua_checkstack(L, PLACES) !== 0) return;
    this.#module.raise(L, 'stack overflow (in function mp_decode_to_lua_array)');
  }

  #array(L: LuaThread, length: number, depth: number): void {
    const { api } = this.#module;
    this.#descend(L, depth);
    api.lua_createtable(L, 0, 0);
    for (let i = 1; i <= length; i++) {
      this.next(L, depth + 1);
      api.lua_rawseti(L, -2, i);
    }
  }

  #map(L: LuaThread, length: number, depth: number): void {
    const { api } = this.#module;
    this.#descend(L, depth);
    api.lua_createtable(L, 0, 0);
    for (let i = 0; i < length; i++) {
      this.next(L, depth + 1);
      this.next(L, depth + 1);
      // With the errors of Lua for keys that it does not take.
      api.lua_settable(L, -3);
    }
  }
}

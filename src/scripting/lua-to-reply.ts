/**
 * What a script returned, as the reply of its command: the way back of `reply-to-lua.ts`. A number
 * loses its fraction; an array ends before its first nil; `false` is null, and `true` is 1, unless
 * the script has asked for RESP3.
 */
import { losslessText } from '../protocol/lossless-text.ts';
import type { Reply } from '../protocol/reply.ts';
import {
  type LuaThread,
  TYPE_BOOLEAN,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';

/** Deeper tables are an error in their place. */
const DEPTH_MAX = 2000;
const PLACES = 8;
const INT64_MIN = -(2n ** 63n);
const INT64_BORDER = 2 ** 63;

/** See the file's comment. */
export class LuaToReply {
  /** Whether the script has asked for RESP3. */
  resp3 = false;
  readonly #module: LuaModule;

  constructor(module: LuaModule) {
    this.#module = module;
  }

  /** Writes the value on top of the stack and takes it off. */
  write(L: LuaThread, reply: Reply, depth = 0): void {
    const module = this.#module;
    const { api } = module;
    if (depth > DEPTH_MAX || api.lua_checkstack(L, PLACES) === 0) {
      reply.error('ERR reached lua stack limit');
      api.lua_settop(L, -2);
      return;
    }
    switch (api.lua_type(L, -1)) {
      case TYPE_STRING: {
        const start = module.string(L, -1);
        reply.bulk(module.bytes, module.view, start, module.length);
        break;
      }
      case TYPE_NUMBER:
        writeInteger(reply, api.lua_tonumber(L, -1));
        break;
      case TYPE_BOOLEAN: {
        const isTrue = api.lua_toboolean(L, -1) !== 0;
        if (this.resp3) reply.boolean(isTrue);
        else if (isTrue) reply.integer(1);
        else reply.nil();
        break;
      }
      case TYPE_TABLE:
        this.#table(L, reply, depth);
        break;
      default:
        reply.nil();
    }
    api.lua_settop(L, -2);
  }

  #table(L: LuaThread, reply: Reply, depth: number): void {
    const module = this.#module;
    const { api } = module;
    if (this.#field(L, 'err', TYPE_STRING)) reply.error(this.#text(L));
    else if (this.#field(L, 'ok', TYPE_STRING)) reply.status(oneLine(this.#text(L)));
    else if (this.#field(L, 'double', TYPE_NUMBER)) reply.double(api.lua_tonumber(L, -1));
    else if (this.#field(L, 'map', TYPE_TABLE)) this.#members(L, reply, depth, true);
    else if (this.#field(L, 'set', TYPE_TABLE)) this.#members(L, reply, depth, false);
    else if (this.#field(L, 'big_number', TYPE_STRING)) {
      reply.bigNumber(oneLine(this.#text(L)));
    } else if (this.#field(L, 'verbatim_string', TYPE_TABLE)) {
      if (!this.#verbatim(L, reply)) {
        api.lua_settop(L, -2);
        this.#array(L, reply, depth);
        return;
      }
    } else {
      this.#array(L, reply, depth);
      return;
    }
    api.lua_settop(L, -2);
  }

  /** Pushes a field of the table on top, if it is of this type. */
  #field(L: LuaThread, name: string, type: number): boolean {
    const { api } = this.#module;
    this.#module.pushText(L, name);
    api.lua_rawget(L, -2);
    if (api.lua_type(L, -1) === type) return true;
    api.lua_settop(L, -2);
    return false;
  }

  #array(L: LuaThread, reply: Reply, depth: number): void {
    const { api } = this.#module;
    let length = 0;
    for (;;) {
      api.lua_rawgeti(L, -1, length + 1);
      const isEnd = api.lua_type(L, -1) <= TYPE_NIL;
      api.lua_settop(L, -2);
      if (isEnd) break;
      length++;
    }
    reply.array(length);
    for (let i = 1; i <= length; i++) {
      api.lua_rawgeti(L, -1, i);
      this.write(L, reply, depth + 1);
    }
  }

  #members(L: LuaThread, reply: Reply, depth: number, isMap: boolean): void {
    const { api } = this.#module;
    let count = 0;
    for (api.lua_pushnil(L); api.lua_next(L, -2) !== 0; count++) api.lua_settop(L, -2);
    if (isMap) reply.map(count);
    else reply.set(count);
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      api.lua_pushvalue(L, -2);
      this.write(L, reply, depth + 1);
      if (isMap) this.write(L, reply, depth + 1);
      else api.lua_settop(L, -2);
    }
  }

  #verbatim(L: LuaThread, reply: Reply): boolean {
    if (!this.#field(L, 'string', TYPE_STRING)) return false;
    const text = this.#text(L);
    const { api } = this.#module;
    api.lua_settop(L, -2);
    if (!this.#field(L, 'format', TYPE_STRING)) return false;
    reply.verbatim(this.#text(L).slice(0, 3).padEnd(3), text);
    api.lua_settop(L, -2);
    return true;
  }

  #text(L: LuaThread): string {
    const bytes = this.#module.stringBytes(L, -1);
    return losslessText(bytes, 0, bytes.length);
  }
}

function writeInteger(reply: Reply, value: number): void {
  if (!(Math.abs(value) < INT64_BORDER)) {
    reply.bigInteger(INT64_MIN);
    return;
  }
  const whole = Math.trunc(value) + 0;
  if (Number.isSafeInteger(whole)) reply.integer(whole);
  else reply.bigInteger(BigInt(whole));
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ');
}

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
import type { LuaMachine } from './lua-machine.ts';
import type { LuaModule } from './lua-module.ts';
import {
  arrayLength,
  arrayOf,
  booleanAt,
  fieldsOf,
  numberAt,
  objectAt,
  pop,
  pushTable,
  stringLength,
  stringStartAt,
  topOf,
  typeAt,
  VALUE_BYTES,
} from './lua-stack.ts';

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
  readonly #noFields: number;

  constructor({ module, noFields }: LuaMachine) {
    this.#module = module;
    this.#noFields = noFields;
  }

  /** Writes the value that lies at an address of the stack or of a table. */
  write(L: LuaThread, value: number, reply: Reply, depth = 0): void {
    const { bytes, view } = this.#module;
    switch (typeAt(view, value)) {
      case TYPE_STRING: {
        const start = stringStartAt(view, value);
        reply.bulk(bytes, view, start, stringLength(view, start));
        break;
      }
      case TYPE_NUMBER:
        writeInteger(reply, numberAt(view, value));
        break;
      case TYPE_BOOLEAN: {
        const isTrue = booleanAt(view, value);
        if (this.resp3) reply.boolean(isTrue);
        else if (isTrue) reply.integer(1);
        else reply.nil();
        break;
      }
      case TYPE_TABLE:
        if (depth > DEPTH_MAX) reply.error('ERR reached lua stack limit');
        else if (fieldsOf(view, objectAt(view, value)) === this.#noFields) {
          this.#plainArray(L, objectAt(view, value), reply, depth);
        } else this.#table(L, value, reply, depth);
        break;
      default:
        reply.nil();
    }
  }

  /** Writes a table that has nothing beside its array. */
  #plainArray(L: LuaThread, table: number, reply: Reply, depth: number): void {
    const { view } = this.#module;
    const first = arrayOf(view, table);
    const most = arrayLength(view, table);
    let length = 0;
    while (length < most && typeAt(view, first + length * VALUE_BYTES) !== TYPE_NIL) length++;
    reply.array(length);
    // The array of a table that nobody changes stays where it is.
    for (let i = 0; i < length; i++) this.write(L, first + i * VALUE_BYTES, reply, depth + 1);
  }

  /** Writes any table, which takes some places of the stack. */
  #table(L: LuaThread, value: number, reply: Reply, depth: number): void {
    const module = this.#module;
    const table = objectAt(module.view, value);
    if (module.api.lua_checkstack(L, PLACES) === 0) {
      reply.error('ERR reached lua stack limit');
      return;
    }
    pushTable(module.view, L, table);
    this.#fields(L, reply, depth);
    pop(module.view, L, 1);
  }

  #fields(L: LuaThread, reply: Reply, depth: number): void {
    if (this.#field(L, 'err', TYPE_STRING)) reply.error(this.#text(L));
    else if (this.#field(L, 'ok', TYPE_STRING)) reply.status(oneLine(this.#text(L)));
    else if (this.#field(L, 'double', TYPE_NUMBER))
      reply.double(numberAt(this.#view, this.#top(L)));
    else if (this.#field(L, 'map', TYPE_TABLE)) this.#members(L, reply, depth, true);
    else if (this.#field(L, 'set', TYPE_TABLE)) this.#members(L, reply, depth, false);
    else if (this.#field(L, 'big_number', TYPE_STRING)) {
      reply.bigNumber(oneLine(this.#text(L)));
    } else if (this.#field(L, 'verbatim_string', TYPE_TABLE)) {
      const isWritten = this.#verbatim(L, reply);
      pop(this.#view, L, 1);
      if (!isWritten) this.#array(L, reply, depth);
      return;
    } else {
      this.#array(L, reply, depth);
      return;
    }
    pop(this.#view, L, 1);
  }

  /** Pushes a field of the table on top, if it is of this type. */
  #field(L: LuaThread, name: string, type: number): boolean {
    const module = this.#module;
    module.pushText(L, name);
    module.api.lua_rawget(L, -2);
    if (typeAt(module.view, this.#top(L)) === type) return true;
    pop(module.view, L, 1);
    return false;
  }

  #array(L: LuaThread, reply: Reply, depth: number): void {
    const { api } = this.#module;
    let length = 0;
    for (;;) {
      api.lua_rawgeti(L, -1, length + 1);
      const isEnd = typeAt(this.#view, this.#top(L)) === TYPE_NIL;
      pop(this.#view, L, 1);
      if (isEnd) break;
      length++;
    }
    reply.array(length);
    for (let i = 1; i <= length; i++) {
      api.lua_rawgeti(L, -1, i);
      this.write(L, this.#top(L), reply, depth + 1);
      pop(this.#view, L, 1);
    }
  }

  #members(L: LuaThread, reply: Reply, depth: number, isMap: boolean): void {
    const { api } = this.#module;
    let count = 0;
    for (api.lua_pushnil(L); api.lua_next(L, -2) !== 0; count++) pop(this.#view, L, 1);
    if (isMap) reply.map(count);
    else reply.set(count);
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      this.write(L, this.#top(L) - VALUE_BYTES, reply, depth + 1);
      if (isMap) this.write(L, this.#top(L), reply, depth + 1);
      pop(this.#view, L, 1);
    }
  }

  /** Whether the table on top is a text with its format, which then is written. */
  #verbatim(L: LuaThread, reply: Reply): boolean {
    if (!this.#field(L, 'string', TYPE_STRING)) return false;
    const text = this.#text(L);
    pop(this.#view, L, 1);
    if (!this.#field(L, 'format', TYPE_STRING)) return false;
    reply.verbatim(this.#text(L).slice(0, 3).padEnd(3), text);
    pop(this.#view, L, 1);
    return true;
  }

  /** The string on top of the stack, which as in C ends at a NUL. */
  #text(L: LuaThread): string {
    const { bytes, view } = this.#module;
    const start = stringStartAt(view, this.#top(L));
    // There is one behind every string of Lua.
    return losslessText(bytes, start, bytes.indexOf(0, start));
  }

  /** The address of the value on top of the stack. */
  #top(L: LuaThread): number {
    return topOf(this.#view, L) - VALUE_BYTES;
  }

  get #view(): DataView {
    return this.#module.view;
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

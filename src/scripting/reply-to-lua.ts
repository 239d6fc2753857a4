/**
 * What a command answered, as a Lua value on the stack. The reply is read in its form for the wire:
 * commands have done their work before the state can run out of memory.
 *
 *   integer          number              array         table
 *   bulk string      string              null          false; in RESP3 nil
 *   status           {ok = text}         error         {err = text}
 *   double           {double = number}   boolean       boolean
 *   map              {map = table}       set           {set = {member = true}}
 *   big number       {big_number = text} verbatim      {verbatim_string = {format, string}}
 */
import type { RespWriter } from '../protocol/resp-writer.ts';
import { KeptStrings } from './kept-strings.ts';
import type { LuaThread } from './lua-exports.ts';
import type { LuaMachine } from './lua-machine.ts';
import type { LuaModule } from './lua-module.ts';
import {
  pop,
  pushBoolean,
  pushNil,
  pushNumber,
  pushTable,
  setOnlyField,
  topObject,
} from './lua-stack.ts';

const LINE_FEED = 0x0a;
const MINUS = 0x2d;
/** The format of a verbatim text and its colon. */
const FORMAT_BYTES = 4;
/** Places of the stack that one level takes. */
const PLACES = 8;

/** See the file's comment. */
export class ReplyToLua {
  readonly #module: LuaModule;
  readonly #statuses: KeptStrings;
  /** Where the names of fields are kept. */
  readonly #ok: number;
  readonly #err: number;
  readonly #bigNumber: number;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  constructor({ module, main }: LuaMachine) {
    this.#module = module;
    this.#statuses = new KeptStrings(module, main);
    this.#ok = this.#statuses.keep(Buffer.from('ok'));
    this.#err = this.#statuses.keep(Buffer.from('err'));
    this.#bigNumber = this.#statuses.keep(Buffer.from('big_number'));
  }

  /** Pushes the reply that the writer holds. REQUIRES: it holds one. */
  push(L: LuaThread, writer: RespWriter): void {
    this.#bytes = writer.buffer;
    this.#view = writer.view;
    this.#at = 0;
    this.#value(L);
  }

  #value(L: LuaThread): void {
    const module = this.#module;
    switch (this.#bytes[this.#at++]) {
      case 0x24: // $
        this.#bulk(L);
        break;
      case 0x3a: // :
        pushNumber(module.view, L, this.#integer());
        break;
      case 0x2b: // +
        this.#status(L);
        break;
      case MINUS:
        this.#field(L, this.#err);
        break;
      case 0x2a: // *
      case 0x3e: // >
        this.#array(L);
        break;
      case 0x25: // %
        this.#members(L, 'map', true);
        break;
      case 0x7e: // ~
        this.#members(L, 'set', false);
        break;
      case 0x5f: // _
        this.#at += 2;
        pushNil(module.view, L);
        break;
      case 0x23: // #
        pushBoolean(module.view, L, this.#bytes[this.#at] === 0x74);
        this.#at += 3;
        break;
      case 0x2c: // ,
        this.#double(L);
        break;
      case 0x28: // (
        this.#field(L, this.#bigNumber);
        break;
      case 0x3d: // =
        this.#verbatim(L);
        break;
      default:
        throw new Error('a reply of no known type');
    }
  }

  #integer(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    let value = 0;
    for (let byte = bytes[at]!; byte !== 0x0d; byte = bytes[++at]!)
      value = value * 10 + byte - 0x30;
    this.#at = at + 2;
    return isNegative ? -value : value;
  }

  #bulk(L: LuaThread): void {
    const length = this.#integer();
    if (length < 0) {
      pushBoolean(this.#module.view, L, false);
      return;
    }
    const start = this.#at;
    this.#at = start + length + 2;
    this.#module.pushRange(L, this.#bytes, this.#view, start, length);
  }

  /** The end of the line, behind which the reply goes on. */
  #lineEnd(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] !== LINE_FEED) at++;
    this.#at = at + 1;
    return at - 1;
  }

  #status(L: LuaThread): void {
    const start = this.#at;
    const length = this.#lineEnd() - start;
    const text = this.#statuses.find(this.#bytes, start, length);
    if (text === 0) {
      this.#at = start;
      this.#field(L, this.#ok);
      return;
    }
    const module = this.#module;
    module.api.lua_createtable(L, 0, 1);
    const { view } = module;
    setOnlyField(view, topObject(view, L), this.#ok, text);
  }

  /** Pushes a table with the rest of the line in one field. */
  #field(L: LuaThread, name: number): void {
    const module = this.#module;
    const start = this.#at;
    module.pushRange(L, this.#bytes, this.#view, start, this.#lineEnd() - start);
    const text = topObject(module.view, L);
    module.api.lua_createtable(L, 0, 1);
    const { view } = module;
    const table = topObject(view, L);
    setOnlyField(view, table, name, text);
    pop(view, L, 2);
    pushTable(view, L, table);
  }

  #array(L: LuaThread): void {
    const { api } = this.#module;
    const length = this.#integer();
    if (length < 0) {
      api.lua_pushboolean(L, 0);
      return;
    }
    api.lua_checkstack(L, PLACES);
    api.lua_createtable(L, length, 0);
    for (let i = 1; i <= length; i++) {
      this.#value(L);
      api.lua_rawseti(L, -2, i);
    }
  }

  #members(L: LuaThread, name: string, isMap: boolean): void {
    const { api } = this.#module;
    const length = this.#integer();
    api.lua_checkstack(L, PLACES);
    api.lua_createtable(L, 0, 1);
    api.lua_createtable(L, 0, length);
    for (let i = 0; i < length; i++) {
      this.#value(L);
      if (isMap) this.#value(L);
      else api.lua_pushboolean(L, 1);
      api.lua_rawset(L, -3);
    }
    api.lua_setfield(L, -2, this.#module.name(name));
  }

  #double(L: LuaThread): void {
    const { api } = this.#module;
    const end = this.#bytes.indexOf(LINE_FEED, this.#at) - 1;
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    api.lua_createtable(L, 0, 1);
    api.lua_pushnumber(L, Number(text.replace('inf', 'Infinity')));
    api.lua_setfield(L, -2, this.#module.name('double'));
  }

  #verbatim(L: LuaThread): void {
    const module = this.#module;
    const { api } = module;
    const length = this.#integer();
    const start = this.#at;
    this.#at = start + length + 2;
    api.lua_createtable(L, 0, 1);
    api.lua_createtable(L, 0, 2);
    module.pushBytes(L, this.#bytes, start, FORMAT_BYTES - 1);
    api.lua_setfield(L, -2, module.name('format'));
    module.pushBytes(L, this.#bytes, start + FORMAT_BYTES, length - FORMAT_BYTES);
    api.lua_setfield(L, -2, module.name('string'));
    api.lua_setfield(L, -2, module.name('verbatim_string'));
  }
}

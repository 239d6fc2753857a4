/**
 * The stack of a Lua thread, read and written right in the module's memory: for a number or a short
 * string a call of Lua's C interface costs several times what it does.
 *
 *   thread   +8 top  +12 base: addresses of values, those between are the stack of the function
 *            +52 +54 calls of C in it, and where it was resumed (16 bits each)
 *   value    16 bytes: +0 a number (f64), or what it is by its address (u32); +8 its type (i32)
 *   string   +12 its length (u32)  +16 its bytes
 *   table    +12 its array of values, +28 how long that is (u32); +16 its fields, which lie in the
 *            same place for all tables that have none
 *   field    a value, then +16 its key, which is laid out as a value
 *
 * So Lua 5.1 lays them out where addresses have 32 bits. `requireLayout` compares that with what
 * the C interface says, once per module. What is pushed here needs a place: Lua leaves every
 * function 20, `lua_checkstack` makes more.
 */
import {
  type LuaThread,
  TYPE_BOOLEAN,
  TYPE_NIL,
  TYPE_NUMBER,
  TYPE_STRING,
  TYPE_TABLE,
} from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';

/** From one value to the next. */
export const VALUE_BYTES = 16;
const TOP = 8;
const BASE = 12;
const C_CALLS = 52;
const BASE_C_CALLS = 54;
const TYPE = 8;
const TABLE_ARRAY = 12;
const TABLE_FIELDS = 16;
const TABLE_ARRAY_LENGTH = 28;
const FIELD_KEY = 16;
const STRING_LENGTH = 12;
const STRING_BYTES = 16;

/** The address of the first value. */
export function baseOf(view: DataView, L: LuaThread): number {
  return view.getUint32(L + BASE, true);
}

/** The address behind the last value. */
export function topOf(view: DataView, L: LuaThread): number {
  return view.getUint32(L + TOP, true);
}

/** One of the types in `lua-exports.ts`. */
export function typeAt(view: DataView, value: number): number {
  return view.getInt32(value + TYPE, true);
}

/** REQUIRES: the value is a number. */
export function numberAt(view: DataView, value: number): number {
  return view.getFloat64(value, true);
}

/** REQUIRES: the value is a boolean. */
export function booleanAt(view: DataView, value: number): boolean {
  return view.getInt32(value, true) !== 0;
}

/** Where the bytes of a string begin. REQUIRES: the value is one. */
export function stringStartAt(view: DataView, value: number): number {
  return view.getUint32(value, true) + STRING_BYTES;
}

/** How long the string is that begins there. */
export function stringLength(view: DataView, start: number): number {
  return view.getUint32(start - STRING_BYTES + STRING_LENGTH, true);
}

/** What the value is by its address. REQUIRES: it is a string, a table or the like. */
export function objectAt(view: DataView, value: number): number {
  return view.getUint32(value, true);
}

/** The first of the values that a table has in its array. */
export function arrayOf(view: DataView, table: number): number {
  return view.getUint32(table + TABLE_ARRAY, true);
}

/** How many values there is room for in the array of a table; those that are not there are nil. */
export function arrayLength(view: DataView, table: number): number {
  return view.getUint32(table + TABLE_ARRAY_LENGTH, true);
}

/** Where the fields of a table are that are not in its array. */
export function fieldsOf(view: DataView, table: number): number {
  return view.getUint32(table + TABLE_FIELDS, true);
}

/** What the value on top of the stack is by its address. REQUIRES: it is a string, a table ... */
export function topObject(view: DataView, L: LuaThread): number {
  return objectAt(view, topOf(view, L) - VALUE_BYTES);
}

/**
 * Gives a table its only field, whose name and value are strings, by their addresses. REQUIRES: it
 * was made with room for one field, and Lua has not run since: its collector has not seen it.
 */
export function setOnlyField(view: DataView, table: number, name: number, text: number): void {
  const field = fieldsOf(view, table);
  view.setUint32(field, text, true);
  view.setInt32(field + TYPE, TYPE_STRING, true);
  view.setUint32(field + FIELD_KEY, name, true);
  view.setInt32(field + FIELD_KEY + TYPE, TYPE_STRING, true);
}

/** Takes off so many values. REQUIRES: there are as many. */
export function pop(view: DataView, L: LuaThread, count: number): void {
  view.setUint32(L + TOP, topOf(view, L) - count * VALUE_BYTES, true);
}

/** Takes off all values. */
export function clear(view: DataView, L: LuaThread): void {
  view.setUint32(L + TOP, baseOf(view, L), true);
}

/** Pushes a table by its address. REQUIRES: there is a place for it. */
export function pushTable(view: DataView, L: LuaThread, table: number): void {
  const top = topOf(view, L);
  view.setUint32(top, table, true);
  view.setInt32(top + TYPE, TYPE_TABLE, true);
  view.setUint32(L + TOP, top + VALUE_BYTES, true);
}

/** REQUIRES: there is a place for it. */
export function pushNumber(view: DataView, L: LuaThread, number: number): void {
  const top = view.getUint32(L + TOP, true);
  view.setFloat64(top, number, true);
  view.setInt32(top + TYPE, TYPE_NUMBER, true);
  view.setUint32(L + TOP, top + VALUE_BYTES, true);
}

/** REQUIRES: there is a place for it. */
export function pushBoolean(view: DataView, L: LuaThread, is: boolean): void {
  const top = view.getUint32(L + TOP, true);
  view.setInt32(top, Number(is), true);
  view.setInt32(top + TYPE, TYPE_BOOLEAN, true);
  view.setUint32(L + TOP, top + VALUE_BYTES, true);
}

/** REQUIRES: there is a place for it. */
export function pushNil(view: DataView, L: LuaThread): void {
  const top = view.getUint32(L + TOP, true);
  view.setInt32(top + TYPE, TYPE_NIL, true);
  view.setUint32(L + TOP, top + VALUE_BYTES, true);
}

/** Whether the thread can yield here: no function of C is between it and who resumed it. */
export function canYield(view: DataView, L: LuaThread): boolean {
  return view.getUint16(L + C_CALLS, true) === view.getUint16(L + BASE_C_CALLS, true);
}

/**
 * Throws when the module lays its values out in another way. Answers where the fields are of a
 * table that has none.
 */
export function requireLayout(module: LuaModule, L: LuaThread): number {
  const { api } = module;
  api.lua_settop(L, 0);
  pushNumber(module.view, L, -1.5);
  module.pushText(L, 'laid out');
  pushBoolean(module.view, L, true);
  pushNil(module.view, L);
  const text = baseOf(module.view, L) + VALUE_BYTES;
  const start = stringStartAt(module.view, text);
  const isAsExpected =
    api.lua_gettop(L) === 4 &&
    topOf(module.view, L) - text === 3 * VALUE_BYTES &&
    api.lua_type(L, 1) === TYPE_NUMBER &&
    api.lua_tonumber(L, 1) === -1.5 &&
    typeAt(module.view, text) === TYPE_STRING &&
    module.string(L, 2) === start &&
    module.length === stringLength(module.view, start) &&
    api.lua_type(L, 3) === TYPE_BOOLEAN &&
    api.lua_toboolean(L, 3) === 1 &&
    api.lua_type(L, 4) === TYPE_NIL;
  clear(module.view, L);
  const noFields = requireTables(module, L);
  if (!isAsExpected || noFields < 0 || !hasFieldsAsExpected(module, L)) {
    throw new Error('this build of Lua lays its values out in another way');
  }
  return noFields;
}

/** The same for tables: negative when they are laid out in another way. */
function requireTables(module: LuaModule, L: LuaThread): number {
  const { api } = module;
  api.lua_createtable(L, 0, 0);
  api.lua_createtable(L, 3, 0);
  pushNumber(module.view, L, 2.5);
  api.lua_rawseti(L, 2, 2);
  api.lua_createtable(L, 0, 1);
  const { view } = module;
  const [empty, array, fields] = [1, 2, 3].map((index) => api.lua_topointer(L, index)) as [
    number,
    number,
    number,
  ];
  const first = arrayOf(view, array);
  const noFields = fieldsOf(view, empty);
  const isAsExpected =
    objectAt(view, baseOf(view, L)) === empty &&
    arrayLength(view, empty) === 0 &&
    arrayLength(view, array) === 3 &&
    typeAt(view, first) === TYPE_NIL &&
    numberAt(view, first + VALUE_BYTES) === 2.5 &&
    fieldsOf(view, array) === noFields &&
    fieldsOf(view, fields) !== noFields;
  pushTable(view, L, array);
  const isPushed = api.lua_gettop(L) === 4 && api.lua_topointer(L, 4) === array;
  pop(view, L, 1);
  const isPopped = api.lua_gettop(L) === 3;
  clear(view, L);
  return isAsExpected && isPushed && isPopped && api.lua_gettop(L) === 0 ? noFields : -1;
}

/** The same for fields: whether Lua finds one that was written here, also beside others. */
function hasFieldsAsExpected(module: LuaModule, L: LuaThread): boolean {
  const { api } = module;
  module.pushText(L, 'name');
  module.pushText(L, 'value');
  api.lua_createtable(L, 0, 1);
  const { view } = module;
  const base = baseOf(view, L);
  const value = objectAt(view, base + VALUE_BYTES);
  setOnlyField(view, topObject(view, L), objectAt(view, base), value);
  const isFound = (): boolean => {
    api.lua_getfield(L, 3, module.name('name'));
    const isValue = typeAt(module.view, topOf(module.view, L) - VALUE_BYTES) === TYPE_STRING;
    const found = isValue ? topObject(module.view, L) : 0;
    pop(module.view, L, 1);
    return found === value;
  };
  const isFoundAlone = isFound();
  pushNumber(module.view, L, 1);
  api.lua_setfield(L, 3, module.name('other'));
  const isFoundBeside = isFound();
  clear(module.view, L);
  return isFoundAlone && isFoundBeside;
}

/**
 * The C interface of Lua 5.1 as the WebAssembly module has it: what `lua.h` and `lauxlib.h` say of
 * these functions holds. States, strings and functions are addresses, indexes are those of Lua.
 */
import type { WasmMemory, WasmTable } from './web-assembly.ts';

/** A Lua state or one of its coroutines: an address in the module's memory. */
export type LuaThread = number & { readonly luaThread: never };

export const TYPE_NIL = 0;
export const TYPE_BOOLEAN = 1;
export const TYPE_LIGHT_USERDATA = 2;
export const TYPE_NUMBER = 3;
export const TYPE_STRING = 4;
export const TYPE_TABLE = 5;
export const TYPE_FUNCTION = 6;

/** Indexes that are no places of the stack. */
export const REGISTRY = -10000;
export const GLOBALS = -10002;

/** What calls answer. */
export const STATUS_OK = 0;
export const STATUS_YIELD = 1;

export const HOOK_COUNT = 8;

/** The functions of the module that are called from here. */
export interface LuaExports {
  readonly memory: WasmMemory;
  readonly __indirect_function_table: WasmTable;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(stack: number): void;
  setThrew(threw: number, value: number): void;
  malloc(bytes: number): number;
  free(at: number): void;
  luaL_newstate(): LuaThread;
  luaL_loadbuffer(L: LuaThread, bytes: number, length: number, name: number): number;
  luaL_checktype(L: LuaThread, index: number, type: number): void;
  luaL_ref(L: LuaThread, table: number): number;
  luaL_unref(L: LuaThread, table: number, reference: number): void;
  luaL_where(L: LuaThread, level: number): void;
  luaL_argerror(L: LuaThread, index: number, text: number): number;
  luaL_checknumber(L: LuaThread, index: number): number;
  luaL_checklstring(L: LuaThread, index: number, length: number): number;
  luaopen_base(L: LuaThread): number;
  luaopen_string(L: LuaThread): number;
  luaopen_table(L: LuaThread): number;
  luaopen_math(L: LuaThread): number;
  lua_call(L: LuaThread, argumentCount: number, resultCount: number): void;
  lua_pcall(L: LuaThread, argumentCount: number, resultCount: number, handler: number): number;
  lua_checkstack(L: LuaThread, places: number): number;
  lua_close(L: LuaThread): void;
  lua_concat(L: LuaThread, count: number): void;
  lua_createtable(L: LuaThread, elements: number, fields: number): void;
  lua_error(L: LuaThread): number;
  lua_getfield(L: LuaThread, index: number, name: number): void;
  lua_getinfo(L: LuaThread, what: number, record: number): number;
  lua_getmetatable(L: LuaThread, index: number): number;
  lua_getstack(L: LuaThread, level: number, record: number): number;
  lua_gettop(L: LuaThread): number;
  lua_insert(L: LuaThread, index: number): void;
  lua_isnumber(L: LuaThread, index: number): number;
  lua_iscfunction(L: LuaThread, index: number): number;
  lua_newthread(L: LuaThread): LuaThread;
  lua_next(L: LuaThread, index: number): number;
  lua_objlen(L: LuaThread, index: number): number;
  lua_pushboolean(L: LuaThread, value: number): void;
  lua_pushcclosure(L: LuaThread, fn: number, upvalues: number): void;
  lua_pushlightuserdata(L: LuaThread, address: number): void;
  lua_pushlstring(L: LuaThread, bytes: number, length: number): void;
  lua_pushnil(L: LuaThread): void;
  lua_pushnumber(L: LuaThread, value: number): void;
  lua_pushvalue(L: LuaThread, index: number): void;
  lua_rawget(L: LuaThread, index: number): void;
  lua_rawgeti(L: LuaThread, index: number, element: number): void;
  lua_rawset(L: LuaThread, index: number): void;
  lua_rawseti(L: LuaThread, index: number, element: number): void;
  lua_remove(L: LuaThread, index: number): void;
  lua_replace(L: LuaThread, index: number): void;
  lua_resume(L: LuaThread, argumentCount: number): number;
  lua_settable(L: LuaThread, index: number): void;
  lua_setfield(L: LuaThread, index: number, name: number): void;
  lua_setfenv(L: LuaThread, index: number): number;
  lua_sethook(L: LuaThread, hook: number, mask: number, count: number): number;
  lua_setmetatable(L: LuaThread, index: number): number;
  lua_settop(L: LuaThread, index: number): void;
  lua_toboolean(L: LuaThread, index: number): number;
  lua_tocfunction(L: LuaThread, index: number): number;
  lua_tolstring(L: LuaThread, index: number, length: number): number;
  lua_tonumber(L: LuaThread, index: number): number;
  lua_topointer(L: LuaThread, index: number): number;
  lua_tothread(L: LuaThread, index: number): LuaThread;
  lua_type(L: LuaThread, index: number): number;
  lua_typename(L: LuaThread, type: number): number;
  lua_xmove(from: LuaThread, to: LuaThread, count: number): void;
  lua_yield(L: LuaThread, resultCount: number): number;
}

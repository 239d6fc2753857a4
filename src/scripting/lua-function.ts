/**
 * What a function of Lua is compiled into, read right in the module's memory.
 *
 *   function   +6 whether it is one of C (u8)  +16 its prototype
 *   prototype  +12 its code, +44 how long that is  +16 the prototypes of the functions in it, +52
 *              how many: addresses and counts are u32
 *   code       32 bits per instruction, the low six of which say what it does
 *
 * `requireFunctionLayout` compares that with functions that it has compiled, once per module.
 */
import { type LuaThread, STATUS_OK } from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';
import { clear, topObject } from './lua-stack.ts';

const IS_C = 6;
const PROTOTYPE = 16;
const CODE = 12;
const CODE_LENGTH = 44;
const INNER = 16;
const INNER_COUNT = 52;
const INSTRUCTION_BYTES = 4;
const ADDRESS_BYTES = 4;
const OPERATION_MASK = 0x3f;
const OPERATION_SET_GLOBAL = 7;

/** Whether the function, or one that it makes, may set a global. */
export function setsGlobals(view: DataView, fn: number): boolean {
  return view.getUint8(fn + IS_C) !== 0 || hasSetter(view, view.getUint32(fn + PROTOTYPE, true));
}

/** Lua's compiler bounds how deep functions lie within each other. */
function hasSetter(view: DataView, prototype: number): boolean {
  const code = view.getUint32(prototype + CODE, true);
  const end = code + view.getUint32(prototype + CODE_LENGTH, true) * INSTRUCTION_BYTES;
  for (let at = code; at < end; at += INSTRUCTION_BYTES) {
    if ((view.getUint32(at, true) & OPERATION_MASK) === OPERATION_SET_GLOBAL) return true;
  }
  const inner = view.getUint32(prototype + INNER, true);
  const count = view.getUint32(prototype + INNER_COUNT, true);
  for (let i = 0; i < count; i++) {
    if (hasSetter(view, view.getUint32(inner + i * ADDRESS_BYTES, true))) return true;
  }
  return false;
}

/** Throws when the module lays functions out in another way. */
export function requireFunctionLayout(module: LuaModule, L: LuaThread): void {
  const without =
    'local a, b = c, d return function(e) a[b] = f(e) return function() b = a end end';
  const within = 'local a = b return 1, function() end, function() return function() c = a end end';
  const isAsExpected =
    !saysOfText(module, L, without) &&
    saysOfText(module, L, 'a = 1') &&
    saysOfText(module, L, 'function a() end') &&
    saysOfText(module, L, within);
  if (!isAsExpected) throw new Error('this build of Lua lays its functions out in another way');
}

/** What `setsGlobals` says of the function that a text is. */
function saysOfText(module: LuaModule, L: LuaThread, text: string): boolean {
  const { api } = module;
  const status = api.luaL_loadbuffer(L, module.name(text), text.length, module.name('=layout'));
  if (status !== STATUS_OK) throw new Error(module.text(L, -1));
  const is = setsGlobals(module.view, topObject(module.view, L));
  clear(module.view, L);
  return is;
}

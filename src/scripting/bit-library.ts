/** The library `bit`: operations on 32 bits. Numbers are taken modulo 2^32, results are signed. */
import type { LuaThread } from './lua-exports.ts';
import type { Library, LuaMachine } from './lua-machine.ts';

/** Makes a library for a machine that is still to be built. */
export type LibraryMaker = (machine: () => LuaMachine) => Library;

const DOUBLE = new Float64Array(1);
const WORDS = new Int32Array(DOUBLE.buffer);
/** Adding this to a double leaves its integer, rounded, in the low bits. */
const ROUNDING = 2 ** 52 + 2 ** 51;
const HEX_DIGITS_MAX = 8;

/** See the file's comment. */
export const BIT_LIBRARY: LibraryMaker = (machine) => {
  const word = (L: LuaThread, index: number): number =>
    toWord(machine().module.api.luaL_checknumber(L, index));
  const answer = (L: LuaThread, value: number): number => {
    machine().module.api.lua_pushnumber(L, value | 0);
    return 1;
  };
  const folded = (fold: (a: number, b: number) => number) => (L: LuaThread) => {
    const count = machine().module.api.lua_gettop(L);
    let value = word(L, 1);
    for (let i = 2; i <= count; i++) value = fold(value, word(L, i));
    return answer(L, value);
  };
  const shifted = (shift: (a: number, n: number) => number) => (L: LuaThread) =>
    answer(L, shift(word(L, 1), word(L, 2) & 31));
  return {
    tobit: (L) => answer(L, word(L, 1)),
    bnot: (L) => answer(L, ~word(L, 1)),
    band: folded((a, b) => a & b),
    bor: folded((a, b) => a | b),
    bxor: folded((a, b) => a ^ b),
    lshift: shifted((a, n) => a << n),
    rshift: shifted((a, n) => a >>> n),
    arshift: shifted((a, n) => a >> n),
    rol: shifted((a, n) => (a << n) | (a >>> (32 - n))),
    ror: shifted((a, n) => (a >>> n) | (a << (32 - n))),
    bswap: (L) => {
      const a = word(L, 1);
      return answer(
        L,
        (a << 24) | ((a & 0xff00) << 8) | ((a >>> 8) & 0xff00) | ((a >>> 24) & 0xff),
      );
    },
    tohex: (L) => {
      const { module } = machine();
      const value = word(L, 1);
      const wanted = module.api.lua_type(L, 2) < 0 ? HEX_DIGITS_MAX : word(L, 2);
      // The least of all numbers has no positive counterpart.
      const digits = Math.min(Math.abs(wanted), HEX_DIGITS_MAX);
      const text = (value >>> 0).toString(16).padStart(HEX_DIGITS_MAX, '0');
      const shown = digits === 0 ? '' : text.slice(-digits);
      module.pushText(L, wanted < 0 ? shown.toUpperCase() : shown);
      return 1;
    },
  };
};

/** A number as 32 bits: the low ones of its double after a large number was added to it. */
function toWord(value: number): number {
  DOUBLE[0] = value + ROUNDING;
  return WORDS[0]!;
}

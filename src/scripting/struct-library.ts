/**
 * The library `struct`: numbers and strings in binary forms. A format is a list of options:
 *
 *   < >        the low byte first, as without it, or the high byte first
 *   !n         sizes are aligned, up to n (8 without a number)
 *   b B h H    integers of 1 and 2 bytes, with a sign and without
 *   l L T      integers of 8 bytes
 *   in In      integers of n bytes (4 without a number)
 *   f d        float, double
 *   cn s       a string of n bytes (1 without a number; 0 for all), one that ends with a NUL
 *   x          a byte of padding
 */
import type { LibraryMaker } from './bit-library.ts';
import { ByteSink } from './byte-sink.ts';
import type { LuaThread } from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';

/** The first number that a size of 64 bits cannot be. */
const SIZE_BORDER = 2 ** 64;
const INTEGER_BYTES_MAX = 32;
const ALIGNMENT_DEFAULT = 8;
const NUMBER_MAX = 2 ** 31 - 1;
const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, l: 8, t: 8, f: 4, d: 8, x: 1 };
const INT64_BORDER = 2 ** 63;

/** Goes through a format option by option. */
class Format {
  option = '';
  size = 0;
  isLittle = true;
  #alignment = 1;
  #at = 0;
  readonly #text: string;
  readonly #module: LuaModule;
  readonly #L: LuaThread;

  constructor(module: LuaModule, L: LuaThread) {
    this.#module = module;
    this.#L = L;
    const start = module.api.luaL_checklstring(L, 1, module.out);
    const text = module.bytes.toString('latin1', start, start + module.length);
    const nul = text.indexOf('\0');
    this.#text = nul < 0 ? text : text.slice(0, nul);
  }

  /** Reads the next option into `option` and `size`; false at the end. */
  next(): boolean {
    if (this.#at >= this.#text.length) return false;
    this.option = this.#text[this.#at++]!;
    this.size = this.#sizeOf(this.option);
    return true;
  }

  /** Padding before the option, at an offset. */
  padding(offset: number): number {
    if (this.size === 0 || this.option === 'c') return 0;
    const size = Math.min(this.size, this.#alignment);
    return size > 1 ? (size - (offset & (size - 1))) & (size - 1) : 0;
  }

  /** Follows an option that is no value. */
  control(): void {
    const { option } = this;
    if (option === ' ') return;
    if (option === '>') this.isLittle = false;
    else if (option === '<') this.isLittle = true;
    else if (option === '!') {
      const alignment = this.#number(ALIGNMENT_DEFAULT);
      if (alignment <= 0 || (alignment & (alignment - 1)) !== 0) {
        this.#module.raise(this.#L, `alignment ${alignment} is not a power of 2`);
      }
      this.#alignment = alignment;
    } else {
      this.#module.argumentError(this.#L, 1, `invalid format option '${option}'`);
    }
  }

  #sizeOf(option: string): number {
    if (option === 'c') return this.#number(1);
    if (option !== 'i' && option !== 'I') {
      const isKnown = 'bBhHlLTfdx'.includes(option);
      return isKnown ? SIZES[option.toLowerCase()]! : 0;
    }
    const size = this.#number(4);
    if (size > INTEGER_BYTES_MAX) {
      this.#module.raise(
        this.#L,
        `integral size ${size} is larger than limit of ${INTEGER_BYTES_MAX}`,
      );
    }
    return size;
  }

  #number(absent: number): number {
    const digits = /^\d*/.exec(this.#text.slice(this.#at, this.#at + 16))![0];
    if (digits === '') return absent;
    this.#at += digits.length;
    const value = Number(digits);
    if (value > NUMBER_MAX) this.#module.raise(this.#L, 'integral size overflow');
    return value;
  }
}

const isInteger = (option: string): boolean => 'bBhHlLTiI'.includes(option);

/** See the file's comment. */
export const structLibrary: LibraryMaker = (machineOf) => {
  const out = new ByteSink();
  return {
    pack: (L) => {
      const { module } = machineOf();
      out.clear();
      pack(module, L, out);
      module.pushBytes(L, out.bytes, 0, out.length);
      return 1;
    },
    unpack: (L) => unpack(machineOf().module, L),
    size: (L) => {
      const { module } = machineOf();
      const format = new Format(module, L);
      let total = 0;
      while (format.next()) {
        total += format.padding(total);
        if (format.option === 's') {
          module.argumentError(L, 1, "option 's' has no fixed size");
        }
        if (format.option === 'c' && format.size === 0) {
          module.argumentError(L, 1, "option 'c0' has no fixed size");
        }
        if (!/[a-zA-Z]/.test(format.option)) format.control();
        total += format.size;
      }
      module.api.lua_pushnumber(L, total);
      return 1;
    },
  };
};

function pack(module: LuaModule, L: LuaThread, out: ByteSink): void {
  const { api } = module;
  const format = new Format(module, L);
  // What is missing is nil.
  api.lua_pushnil(L);
  let index = 2;
  let total = 0;
  while (format.next()) {
    const { option } = format;
    for (let left = format.padding(total); left > 0; left--, total++) out.byte(0);
    let { size } = format;
    if (isInteger(option)) {
      packInteger(out, api.luaL_checknumber(L, index++), size, format.isLittle);
    } else if (option === 'x') {
      out.byte(0);
    } else if (option === 'f' || option === 'd') {
      packFloat(out, api.luaL_checknumber(L, index++), size, format.isLittle);
    } else if (option === 'c' || option === 's') {
      const start = api.luaL_checklstring(L, index++, module.out);
      const { length } = module;
      if (size === 0) size = length;
      if (length < size) module.argumentError(L, index, 'string too short');
      out.copy(module.bytes, start, size);
      if (option === 's') {
        out.byte(0);
        size++;
      }
    } else {
      format.control();
    }
    total += size;
  }
}

/** The value modulo 2^64, as C casts it. */
function packInteger(out: ByteSink, value: number, size: number, isLittle: boolean): void {
  let bits = 0n;
  const whole = Math.trunc(value);
  if (value < 0) bits = whole >= -INT64_BORDER ? BigInt.asUintN(64, BigInt(whole)) : 1n << 63n;
  else if (Number.isFinite(whole)) bits = whole < INT64_BORDER * 2 ? BigInt(whole) : 0n;
  out.reserve(size);
  for (let i = 0; i < size; i++) {
    const at = isLittle ? i : size - 1 - i;
    out.bytes[out.length + at] = Number(bits & 0xffn);
    bits >>= 8n;
  }
  out.length += size;
}

function packFloat(out: ByteSink, value: number, size: number, isLittle: boolean): void {
  out.reserve(size);
  const { bytes, length } = out;
  if (size === 4) isLittle ? bytes.writeFloatLE(value, length) : bytes.writeFloatBE(value, length);
  else isLittle ? bytes.writeDoubleLE(value, length) : bytes.writeDoubleBE(value, length);
  out.length += size;
}

function unpack(module: LuaModule, L: LuaThread): number {
  const { api } = module;
  const format = new Format(module, L);
  const start = api.luaL_checklstring(L, 2, module.out);
  const data = Buffer.from(module.bytes.subarray(start, start + module.length));
  let at = api.lua_type(L, 3) <= 0 ? 0 : Math.trunc(api.luaL_checknumber(L, 3)) - 1;
  if (at === -1) module.argumentError(L, 3, 'offset must be 1 or greater');
  if (at < 0) module.argumentError(L, 2, 'data string too short');
  let count = 0;
  const require = (size: number): void => {
    if (size > data.length || at > data.length - size) {
      module.argumentError(L, 2, 'data string too short');
    }
  };
  while (format.next()) {
    const { option } = format;
    at += format.padding(at);
    let { size } = format;
    require(size);
    if (api.lua_checkstack(L, 2) === 0) module.raise(L, 'stack overflow (too many results)');
    if (isInteger(option)) {
      api.lua_pushnumber(L, unpackInteger(data, at, size, format.isLittle, option));
      count++;
    } else if (option === 'f' || option === 'd') {
      api.lua_pushnumber(L, unpackFloat(data, at, size, format.isLittle));
      count++;
    } else if (option === 'c') {
      if (size === 0) {
        if (count === 0 || api.lua_isnumber(L, -1) === 0) {
          module.raise(L, "format 'c0' needs a previous size");
        }
        size = Math.trunc(api.lua_tonumber(L, -1));
        api.lua_settop(L, -2);
        count--;
        // What C makes of a double that no size can be, where Redis mostly runs.
        if (size >= SIZE_BORDER) size = 0;
        else if (!(size >= 0)) size = Number.POSITIVE_INFINITY;
        require(size);
      }
      module.pushBytes(L, data, at, size);
      count++;
    } else if (option === 's') {
      const end = data.indexOf(0, at);
      if (end < 0 || at >= data.length) module.raise(L, 'unfinished string in data');
      module.pushBytes(L, data, at, end - at);
      size = end - at + 1;
      count++;
    } else if (option !== 'x') {
      format.control();
    }
    at += size;
  }
  api.lua_pushnumber(L, at + 1);
  return count + 1;
}

function unpackInteger(
  data: Buffer,
  at: number,
  size: number,
  isLittle: boolean,
  option: string,
): number {
  let bits = 0n;
  for (let i = 0; i < size; i++) {
    const byte = data[isLittle ? at + size - 1 - i : at + i]!;
    bits = BigInt.asUintN(64, (bits << 8n) | BigInt(byte));
  }
  const isSigned = option === option.toLowerCase();
  return Number(isSigned ? BigInt.asIntN(Math.min(size * 8, 64), bits) : bits);
}

function unpackFloat(data: Buffer, at: number, size: number, isLittle: boolean): number {
  if (size === 4) return isLittle ? data.readFloatLE(at) : data.readFloatBE(at);
  return isLittle ? data.readDoubleLE(at) : data.readDoubleBE(at);
}

/**
 * Lua 5.1: the C implementation, compiled to WebAssembly by the package `wasmoon-lua5.1`. Of that
 * package only the module is used, without its JavaScript (docs/decisions/0012-lua.md).
 *
 * One LuaModule is one instance with a memory of its own. It knows Lua's C interface and how bytes
 * and functions get across, and nothing of Redis.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { copyBytes } from '../memory/bytes.ts';
import { type Callback, wasmFunctions } from './lua-callbacks.ts';
import { type LuaExports, type LuaThread, TYPE_STRING } from './lua-exports.ts';
import { luaImports } from './lua-imports.ts';
import { type WasmModule, WEB_ASSEMBLY } from './web-assembly.ts';

const MODULE_FILE = 'wasmoon-lua5.1/dist/liblua5.1.wasm';
const PAGE_BYTES = 65536;
/** Room through which bytes get in; what is longer has room of its own. */
const SCRATCH_BYTES = 64 * 1024;
/** An integer, and room for a record of Lua's debug interface. */
const RECORD_BYTES = 256;

let compiled: WasmModule | null = null;

/** A function that Lua calls: its arguments and results are on the stack of `L`. */
export type LuaFunction = (L: LuaThread) => number;

/** See the file's comment. */
export class LuaModule {
  readonly api: LuaExports;
  /** The memory; looked up anew after anything that may allocate. */
  bytes!: Buffer;
  view!: DataView;
  /** Room for one integer that Lua answers through a pointer, and for a debug record behind it. */
  readonly out: number;
  readonly #bytesMax: number;
  readonly #scratch: number;
  readonly #names = new Map<string, number>();
  /** The function of the C interface that is called most, kept where it is found at once. */
  readonly #pushString: LuaExports['lua_pushlstring'];

  /** With at most so many bytes of memory. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    compiled ??= new WEB_ASSEMBLY.Module(
      readFileSync(createRequire(import.meta.url).resolve(MODULE_FILE)),
    );
    const target = {
      // There before anything is called.
      exports: null as unknown as LuaExports,
      grow: (bytes: number) => this.#grow(bytes),
    };
    const instance = new WEB_ASSEMBLY.Instance(compiled, luaImports(target));
    // The functions are those of the file, which comes with this version of the package.
    this.api = instance.exports as unknown as LuaExports;
    target.exports = this.api;
    this.#look();
    this.api.__wasm_call_ctors();
    this.api.emscripten_stack_init();
    this.#pushString = this.api.lua_pushlstring;
    this.out = this.api.malloc(RECORD_BYTES);
    this.#scratch = this.api.malloc(SCRATCH_BYTES);
  }

  get memoryBytes(): number {
    return this.bytes.length;
  }

  /** Puts functions into the module's table; answers where the first is. */
  addFunctions(functions: readonly Callback[], parameters: number, results: 0 | 1): number {
    const table = this.api.__indirect_function_table;
    const first = table.grow(functions.length);
    for (const [i, fn] of wasmFunctions(functions, parameters, results).entries()) {
      table.set(first + i, fn);
    }
    return first;
  }

  /** A text of ours as C has it: made once and kept. */
  name(text: string): number {
    let at = this.#names.get(text);
    if (at === undefined) {
      at = this.api.malloc(text.length + 1);
      this.bytes.write(`${text}\0`, at, 'latin1');
      this.#names.set(text, at);
    }
    return at;
  }

  /** `from` and `fromView` are over the same memory. */
  pushRange(L: LuaThread, from: Buffer, fromView: DataView, start: number, length: number): void {
    if (length > SCRATCH_BYTES) {
      this.pushBytes(L, from, start, length);
      return;
    }
    copyBytes(from, fromView, start, this.bytes, this.view, this.#scratch, length);
    this.#pushString(L, this.#scratch, length);
  }

  pushBytes(L: LuaThread, bytes: Uint8Array, start: number, length: number): void {
    if (length <= SCRATCH_BYTES) {
      const to = this.#scratch;
      if (length < 24) for (let i = 0; i < length; i++) this.bytes[to + i] = bytes[start + i]!;
      else this.bytes.set(bytes.subarray(start, start + length), to);
      this.api.lua_pushlstring(L, to, length);
      return;
    }
    const room = this.api.malloc(length);
    if (room === 0) this.raise(L, 'not enough memory');
    this.bytes.set(bytes.subarray(start, start + length), room);
    try {
      this.api.lua_pushlstring(L, room, length);
    } finally {
      this.api.free(room);
    }
  }

  /** `text` as Latin-1. */
  pushText(L: LuaThread, text: string): void {
    if (text.length > SCRATCH_BYTES) {
      this.pushBytes(L, Buffer.from(text, 'latin1'), 0, text.length);
      return;
    }
    this.bytes.write(text, this.#scratch, 'latin1');
    this.api.lua_pushlstring(L, this.#scratch, text.length);
  }

  /**
   * Where the string at an index begins, its length being at `out`; changes a number into a
   * string. REQUIRES: it is one of these.
   */
  string(L: LuaThread, index: number): number {
    return this.api.lua_tolstring(L, index, this.out);
  }

  /** The length that the last call left. */
  get length(): number {
    return this.view.getUint32(this.out, true);
  }

  /** The bytes of the string at an index, valid until Lua runs on. REQUIRES: it is one. */
  stringBytes(L: LuaThread, index: number): Buffer {
    const start = this.string(L, index);
    return this.bytes.subarray(start, start + this.length);
  }

  /** The same as Latin-1; empty when it is no string. */
  text(L: LuaThread, index: number): string {
    if (this.api.lua_type(L, index) !== TYPE_STRING) return '';
    return this.stringBytes(L, index).toString('latin1');
  }

  /** The text at an address that ends with a NUL. */
  cText(at: number): string {
    return this.bytes.toString('latin1', at, this.bytes.indexOf(0, at));
  }

  typeName(L: LuaThread, index: number): string {
    return this.cText(this.api.lua_typename(L, this.api.lua_type(L, index)));
  }

  /** Raises an error whose message begins with where the calling function is. */
  raise(L: LuaThread, text: string): never {
    this.api.luaL_where(L, 1);
    this.pushText(L, text);
    this.api.lua_concat(L, 2);
    return this.raiseTop(L);
  }

  /** Raises what is on top of the stack. */
  raiseTop(L: LuaThread): never {
    this.api.lua_error(L);
    throw new Error('an error of Lua came back');
  }

  /** Raises `bad argument #index to 'function' (text)`. */
  argumentError(L: LuaThread, index: number, text: string): never {
    this.api.luaL_argerror(L, index, this.name(text));
    throw new Error('an error of Lua came back');
  }

  #grow(bytes: number): boolean {
    if (bytes > this.#bytesMax) return false;
    const { memory } = this.api;
    const held = memory.buffer.byteLength;
    // A quarter more, so that it does not grow at every step.
    const wanted = Math.min(Math.max(bytes, held + (held >>> 2)), this.#bytesMax);
    try {
      memory.grow(Math.ceil((wanted - held) / PAGE_BYTES));
    } catch {
      return false;
    }
    this.#look();
    return true;
  }

  #look(): void {
    this.bytes = Buffer.from(this.api.memory.buffer);
    this.view = new DataView(this.api.memory.buffer);
  }
}

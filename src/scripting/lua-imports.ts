/**
 * What the Lua of the WebAssembly module asks of its surroundings. Scripts reach no file, no
 * process and no environment: whatever leads there answers as on a machine that has none.
 *
 * C has its `longjmp` through here: `_emscripten_throw_longjmp` throws, and `invoke_vii`, through
 * which Lua makes every protected call, catches.
 */
import type { LuaExports } from './lua-exports.ts';
import type { WasmImports } from './web-assembly.ts';

/** Thrown by an error of Lua, through whatever lies between it and the protected call. */
const LONG_JUMP: unique symbol = Symbol('an error of Lua');

/** Lua gave up: an error outside of any protected call. */
export class LuaPanic extends Error {
  override name = 'LuaPanic';
}

/** "No such file or directory", negative, as system calls answer. */
const NO_ENTRY = -44;
/** "Bad file descriptor", as WASI answers. */
const BAD_DESCRIPTOR = 8;
const MONOTONIC = 1;

/** The module behind the imports; there once it is instantiated. */
export interface ImportTarget {
  exports: LuaExports;
  /** Makes room for so many bytes in all; whether there may be as much. */
  grow(bytes: number): boolean;
}

/** The imports of the module. */
export function luaImports(target: ImportTarget): WasmImports {
  const missing = (): number => NO_ENTRY;
  const bad = (): number => BAD_DESCRIPTOR;
  const nothing = (): number => 0;
  const protectedFunctions: ((a: number, b: number) => void)[] = [];
  return {
    env: {
      invoke_vii(index: number, a: number, b: number): void {
        const { exports } = target;
        const stack = exports.stackSave();
        protectedFunctions[index] ??= exports.__indirect_function_table.get(index);
        try {
          protectedFunctions[index]!(a, b);
        } catch (problem) {
          exports.stackRestore(stack);
          if (problem !== LONG_JUMP) throw problem;
          exports.setThrew(1, 0);
        }
      },
      _emscripten_throw_longjmp(): never {
        throw LONG_JUMP;
      },
      exit(): never {
        throw new LuaPanic('an error outside of any protected call');
      },
      emscripten_memcpy_js(to: number, from: number, length: number): void {
        new Uint8Array(target.exports.memory.buffer).copyWithin(to, from, from + length);
      },
      emscripten_resize_heap: (bytes: number): number => Number(target.grow(bytes >>> 0)),
      emscripten_date_now: (): number => Date.now(),
      _emscripten_get_now_is_monotonic: (): number => MONOTONIC,
      strftime: nothing,
      _tzset_js: nothing,
      _mktime_js: nothing,
      _localtime_js: nothing,
      _gmtime_js: nothing,
      _emscripten_system: nothing,
      __syscall_openat: missing,
      __syscall_fcntl64: missing,
      __syscall_ioctl: missing,
      __syscall_dup3: missing,
      __syscall_unlinkat: missing,
      __syscall_rmdir: missing,
      __syscall_renameat: missing,
      __syscall_readlinkat: missing,
    },
    wasi_snapshot_preview1: {
      fd_write: bad,
      fd_read: bad,
      fd_close: bad,
      fd_seek: bad,
      environ_sizes_get(count: number, size: number): number {
        const view = new DataView(target.exports.memory.buffer);
        view.setUint32(count, 0, true);
        view.setUint32(size, 0, true);
        return 0;
      },
      environ_get: nothing,
    },
  };
}

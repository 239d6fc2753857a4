/** What is used here of WebAssembly, which the types of Node.js leave to those of browsers. */

/** A compiled module. */
export type WasmModule = object & { readonly wasmModule: never };

/** Memory of an instance. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB, with a new buffer. Throws RangeError when there is no more. */
  grow(pages: number): number;
}

/** A function as a module exports it; takes and answers integers. */
export type WasmFunction = (...values: number[]) => number;

/** The functions that a module calls by number. */
export interface WasmTable {
  get(index: number): WasmFunction;
  set(index: number, fn: WasmFunction): void;
  /** Adds places; answers how many there were. */
  grow(places: number): number;
}

/** Functions by module and name. */
export type WasmImports = Readonly<Record<string, object>>;

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: WasmImports,
  ) => { readonly exports: Readonly<Record<string, WasmFunction>> };
}

/** The global of this name. */
export const WEB_ASSEMBLY: WebAssemblyApi = (
  globalThis as unknown as { WebAssembly: WebAssemblyApi }
).WebAssembly; // It is there since Node 8.

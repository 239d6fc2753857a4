/**
 * Functions of JavaScript as functions of WebAssembly, which alone fit into a module's table: a
 * module is built that imports them and exports them again. `WebAssembly.Function` would do it
 * without, and is no part of Node 20.
 *
 *   00 61 73 6d  01 00 00 00              magic, version
 *   01 section   60 ...                   type 0: so many i32, maybe one i32 as a result
 *   02 section   'e' name, kind 0, type 0 one import per function, named by its number
 *   07 section   name, kind 0, number     one export per function
 */
import { type WasmFunction, WEB_ASSEMBLY } from './web-assembly.ts';

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION_TYPE = 1;
const SECTION_IMPORT = 2;
const SECTION_EXPORT = 7;
const FUNCTION_TYPE = 0x60;
const I32 = 0x7f;
const KIND_FUNCTION = 0;

/** Takes integers, answers one or nothing. */
export type Callback = (...values: number[]) => number | undefined;

/** The same functions as WebAssembly has them; all take and answer so many integers. */
export function wasmFunctions(
  functions: readonly Callback[],
  parameters: number,
  results: 0 | 1,
): WasmFunction[] {
  const type = [
    FUNCTION_TYPE,
    ...vector(new Array(parameters).fill([I32])),
    ...vector(new Array(results).fill([I32])),
  ];
  const imports = functions.map((_, i) => [...name('e'), ...name(String(i)), KIND_FUNCTION, 0]);
  const exports = functions.map((_, i) => [...name(String(i)), KIND_FUNCTION, ...unsigned(i)]);
  const bytes = Uint8Array.from([
    ...HEADER,
    ...section(SECTION_TYPE, vector([type])),
    ...section(SECTION_IMPORT, vector(imports)),
    ...section(SECTION_EXPORT, vector(exports)),
  ]);
  const instance = new WEB_ASSEMBLY.Instance(new WEB_ASSEMBLY.Module(bytes), {
    e: Object.fromEntries(functions.map((fn, i) => [String(i), fn])),
  });
  return functions.map((_, i) => instance.exports[String(i)]!);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function name(text: string): number[] {
  return [text.length, ...Buffer.from(text)];
}

/** Seven bits per byte, the low ones first. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

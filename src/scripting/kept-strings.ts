/**
 * Strings that a state keeps: they stay where they are as long as it lives, and are pushed by their
 * address alone. Meant for words that come again and again, such as what commands answer.
 */
import { type LuaThread, REGISTRY } from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';
import { topObject } from './lua-stack.ts';

const PLACES = 16;
const LENGTH_MAX = 32;

interface Kept {
  readonly bytes: Buffer;
  readonly address: number;
}

/** See the file's comment. */
export class KeptStrings {
  readonly #module: LuaModule;
  readonly #main: LuaThread;
  readonly #places: (Kept | null)[] = new Array(PLACES).fill(null);

  /** `main` is the thread that the state began with. */
  constructor(module: LuaModule, main: LuaThread) {
    this.#module = module;
    this.#main = main;
  }

  /** The address of a string that is kept from now on. */
  keep(bytes: Buffer): number {
    const module = this.#module;
    module.pushBytes(this.#main, bytes, 0, bytes.length);
    const address = topObject(module.view, this.#main);
    module.api.luaL_ref(this.#main, REGISTRY);
    return address;
  }

  /**
   * The address of the string of these bytes; it is kept unless it is long or another has taken its
   * place: 0 then.
   */
  find(bytes: Buffer, start: number, length: number): number {
    if (length > LENGTH_MAX) return 0;
    const place = (bytes[start]! + length) & (PLACES - 1);
    const kept = this.#places[place]!;
    if (kept !== null) return isSame(kept.bytes, bytes, start, length) ? kept.address : 0;
    const copy = Buffer.from(bytes.subarray(start, start + length));
    const address = this.keep(copy);
    this.#places[place] = { bytes: copy, address };
    return address;
  }
}

function isSame(kept: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (kept.length !== length) return false;
  for (let i = 0; i < length; i++) if (kept[i] !== bytes[start + i]) return false;
  return true;
}

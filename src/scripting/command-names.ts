/**
 * Commands by the string of Lua that names them: it is the same one at every call, so its address
 * is enough to find the command. A string that is remembered is kept, or another could come to lie
 * there.
 */
import type { RegisteredCommand } from '../commands/registry.ts';
import type { LuaExports } from './lua-exports.ts';
import { type LuaThread, REGISTRY } from './lua-exports.ts';

const PLACES = 64;
/** Strings begin at multiples of eight. */
const ALIGNMENT_SHIFT = 3;

/** See the file's comment. */
export class CommandNames {
  readonly #api: LuaExports;
  readonly #addresses = new Uint32Array(PLACES);
  readonly #commands: (RegisteredCommand | null)[] = new Array(PLACES).fill(null);

  constructor(api: LuaExports) {
    this.#api = api;
  }

  /** The command that the string at an address names, if that is remembered. */
  find(address: number): RegisteredCommand | null {
    const place = (address >>> ALIGNMENT_SHIFT) & (PLACES - 1);
    return this.#addresses[place] === address ? this.#commands[place]! : null;
  }

  /**
   * Remembers that the string at index 1, whose address this is, names a command, unless there is
   * another in its place already.
   */
  remember(L: LuaThread, address: number, command: RegisteredCommand): void {
    const place = (address >>> ALIGNMENT_SHIFT) & (PLACES - 1);
    if (this.#addresses[place] !== 0) return;
    this.#api.lua_pushvalue(L, 1);
    this.#api.luaL_ref(L, REGISTRY);
    this.#addresses[place] = address;
    this.#commands[place] = command;
  }
}

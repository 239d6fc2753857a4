/** The library `cmsgpack`: MessagePack, with the error texts of lua-cmsgpack. */
import type { LibraryMaker } from './bit-library.ts';
import { CmsgpackDecoder } from './cmsgpack-decoder.ts';
import { CmsgpackEncoder } from './cmsgpack-encoder.ts';
import type { LuaThread } from './lua-exports.ts';
import type { LuaMachine } from './lua-machine.ts';

const TOO_MANY = 'too many return values at once; use unpack_one or unpack_limit instead.';
const INTEGER_MAX = 2 ** 31 - 1;

/** See the file's comment. */
export const cmsgpackLibrary: LibraryMaker = (machineOf) => {
  let encoder: CmsgpackEncoder | null = null;
  return {
    pack: (L) => {
      const { module } = machineOf();
      const { api } = module;
      const count = api.lua_gettop(L);
      if (count === 0) module.argumentError(L, 0, 'MessagePack pack needs input.');
      encoder ??= new CmsgpackEncoder(module);
      encoder.out.clear();
      if (api.lua_checkstack(L, 1) === 0) {
        module.argumentError(L, 0, 'Too many arguments for MessagePack pack.');
      }
      for (let i = 1; i <= count; i++) {
        api.lua_pushvalue(L, i);
        encoder.encode(L);
      }
      module.pushBytes(L, encoder.out.bytes, 0, encoder.out.length);
      return 1;
    },
    unpack: (L) => unpack(machineOf(), L, 0, 0),
    unpack_one: (L) => unpack(machineOf(), L, 1, integerAt(machineOf(), L, 2, 0)),
    unpack_limit: (L) => {
      const machine = machineOf();
      const limit = Math.trunc(machine.module.api.luaL_checknumber(L, 2)) | 0;
      return unpack(machine, L, limit, integerAt(machine, L, 3, 0));
    },
    _NAME: 'cmsgpack',
    _VERSION: 'lua-cmsgpack 0.4.0',
    _COPYRIGHT: 'Copyright (C) 2012, Salvatore Sanfilippo',
    _DESCRIPTION: 'MessagePack C implementation for Lua',
  };
};

function integerAt({ module }: LuaMachine, L: LuaThread, index: number, absent: number): number {
  if (module.api.lua_type(L, index) <= 0) return absent;
  return Math.trunc(module.api.luaL_checknumber(L, index)) | 0;
}

/** Pushes values, `limit` at most unless that is 0; with one, the offset behind them first. */
function unpack({ module }: LuaMachine, L: LuaThread, limit: number, offset: number): number {
  const { api } = module;
  const start = api.luaL_checklstring(L, 1, module.out);
  const { length } = module;
  if (offset < 0 || limit < 0) {
    module.raise(L, `Invalid request to unpack with offset of ${offset} and limit of ${length}.`);
  }
  if (offset > length) {
    module.raise(L, `Start offset ${offset} greater than input length ${length}.`);
  }
  const isWhole = limit === 0 && offset === 0;
  const most = isWhole ? INTEGER_MAX : limit;
  const data = Buffer.from(module.bytes.subarray(start, start + length));
  const decoder = new CmsgpackDecoder(module, data);
  decoder.at = offset;
  let count = 0;
  for (; !decoder.isAtEnd && count < most; count++) {
    if (api.lua_checkstack(L, 1) === 0) module.raise(L, `stack overflow (${TOO_MANY})`);
    decoder.next(L);
  }
  if (isWhole) return count;
  api.lua_pushnumber(L, decoder.isAtEnd ? -1 : decoder.at);
  api.lua_insert(L, -(count + 1));
  return count + 1;
}

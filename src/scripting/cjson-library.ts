/** The library `cjson`: JSON, with the settings and the error texts of lua-cjson. */
import type { LibraryMaker } from './bit-library.ts';
import { CjsonDecoder } from './cjson-decoder.ts';
import { CjsonEncoder } from './cjson-encoder.ts';
import { CjsonSettings, type InvalidNumbers } from './cjson-settings.ts';
import { type LuaThread, TYPE_BOOLEAN, TYPE_NIL, TYPE_STRING } from './lua-exports.ts';
import type { Library, LuaMachine } from './lua-machine.ts';

const INTEGER_MAX = 2 ** 31 - 1;
const PRECISION_MAX = 14;

/** See the file's comment. */
export const cjsonLibrary: LibraryMaker = (machineOf) => {
  const settings = new CjsonSettings();
  let encoder: CjsonEncoder | null = null;
  let decoder: CjsonDecoder | null = null;
  const coding: Library = {
    encode: (L) => {
      const { module } = machineOf();
      if (module.api.lua_gettop(L) !== 1) module.argumentError(L, 1, 'expected 1 argument');
      encoder ??= new CjsonEncoder(module, settings);
      encoder.encode(L);
      module.pushBytes(L, encoder.out.bytes, 0, encoder.out.length);
      return 1;
    },
    decode: (L) => {
      const { module } = machineOf();
      if (module.api.lua_gettop(L) !== 1) module.argumentError(L, 1, 'expected 1 argument');
      const start = module.api.luaL_checklstring(L, 1, module.out);
      const text = Buffer.from(module.bytes.subarray(start, start + module.length));
      if (text.length >= 2 && (text[0] === 0 || text[1] === 0)) {
        module.raise(L, 'JSON parser does not support UTF-16 or UTF-32');
      }
      decoder ??= new CjsonDecoder(module, settings);
      decoder.decode(L, text);
      return 1;
    },
    new: (L) => {
      const { api } = machineOf().module;
      machineOf().dereference(L, machineOf().globals);
      api.lua_getfield(L, -1, machineOf().module.name('cjson'));
      return 1;
    },
  };
  return {
    ...coding,
    ...settingFunctions(machineOf, settings),
    null: null,
    _NAME: 'cjson',
    _VERSION: '2.1.0',
  };
};

function settingFunctions(machineOf: () => LuaMachine, settings: CjsonSettings): Library {
  const options = new OptionReader(machineOf);
  return {
    encode_sparse_array: (L) => {
      options.most(L, 3);
      settings.sparseConvert = options.boolean(L, 1, settings.sparseConvert);
      settings.sparseRatio = options.integer(L, 2, 0, INTEGER_MAX, settings.sparseRatio);
      settings.sparseSafe = options.integer(L, 3, 0, INTEGER_MAX, settings.sparseSafe);
      const { api } = machineOf().module;
      api.lua_pushboolean(L, Number(settings.sparseConvert));
      api.lua_pushnumber(L, settings.sparseRatio);
      api.lua_pushnumber(L, settings.sparseSafe);
      return 3;
    },
    encode_max_depth: (L) => {
      options.most(L, 1);
      settings.encodeDepthMax = options.integer(L, 1, 1, INTEGER_MAX, settings.encodeDepthMax);
      return options.answer(L, settings.encodeDepthMax);
    },
    decode_max_depth: (L) => {
      options.most(L, 1);
      settings.decodeDepthMax = options.integer(L, 1, 1, INTEGER_MAX, settings.decodeDepthMax);
      return options.answer(L, settings.decodeDepthMax);
    },
    encode_number_precision: (L) => {
      options.most(L, 1);
      settings.precision = options.integer(L, 1, 1, PRECISION_MAX, settings.precision);
      return options.answer(L, settings.precision);
    },
    encode_keep_buffer: (L) => {
      options.most(L, 1);
      settings.keepsBuffer = options.boolean(L, 1, settings.keepsBuffer);
      return options.answer(L, settings.keepsBuffer);
    },
    encode_invalid_numbers: (L) => {
      options.most(L, 1);
      settings.encodeInvalid = options.invalidNumbers(L, settings.encodeInvalid);
      const { encodeInvalid } = settings;
      return options.answer(L, encodeInvalid === 'null' ? 'null' : encodeInvalid === 'on');
    },
    decode_invalid_numbers: (L) => {
      options.most(L, 1);
      settings.decodeInvalid = options.boolean(L, 1, settings.decodeInvalid);
      return options.answer(L, settings.decodeInvalid);
    },
  };
}

/** Reads the arguments of the functions that change settings; what is absent stays. */
class OptionReader {
  readonly #machineOf: () => LuaMachine;

  constructor(machineOf: () => LuaMachine) {
    this.#machineOf = machineOf;
  }

  most(L: LuaThread, count: number): void {
    const { module } = this.#machineOf();
    if (module.api.lua_gettop(L) > count) {
      module.argumentError(L, count + 1, 'found too many arguments');
    }
    module.api.lua_settop(L, count);
  }

  integer(L: LuaThread, index: number, min: number, max: number, previous: number): number {
    const { module } = this.#machineOf();
    if (module.api.lua_type(L, index) === TYPE_NIL) return previous;
    const value = Math.trunc(module.api.luaL_checknumber(L, index));
    if (value >= min && value <= max) return value;
    // Whichever it was.
    return module.argumentError(L, 1, `expected integer between ${min} and ${max}`);
  }

  boolean(L: LuaThread, index: number, previous: boolean): boolean {
    const { api } = this.#machineOf().module;
    const type = api.lua_type(L, index);
    if (type === TYPE_NIL) return previous;
    if (type === TYPE_BOOLEAN) return api.lua_toboolean(L, index) !== 0;
    return this.#word(L, index, ['off', 'on']) === 'on';
  }

  invalidNumbers(L: LuaThread, previous: InvalidNumbers): InvalidNumbers {
    const { api } = this.#machineOf().module;
    const type = api.lua_type(L, 1);
    if (type === TYPE_NIL) return previous;
    if (type === TYPE_BOOLEAN) return api.lua_toboolean(L, 1) !== 0 ? 'on' : 'off';
    return this.#word(L, 1, ['off', 'on', 'null']);
  }

  answer(L: LuaThread, value: number | boolean | string): number {
    const { module } = this.#machineOf();
    if (typeof value === 'number') module.api.lua_pushnumber(L, value);
    else if (typeof value === 'boolean') module.api.lua_pushboolean(L, Number(value));
    else module.pushText(L, value);
    return 1;
  }

  #word<Word extends string>(L: LuaThread, index: number, words: readonly Word[]): Word {
    const { module } = this.#machineOf();
    if (module.api.lua_type(L, index) !== TYPE_STRING) module.api.luaL_checklstring(L, index, 0);
    const text = module.text(L, index);
    const word = words.find((each) => each === text);
    return word ?? module.argumentError(L, index, `invalid option '${text}'`);
  }
}

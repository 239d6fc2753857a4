/**
 * JSON as Lua values, as `cjson.decode` reads it: numbers as C reads them (`inf`, `nan` and
 * hexadecimal ones too), any byte in strings but NUL, which ends the text wherever it stands. The
 * text is copied out of the state's memory, which may move.
 */
import { ByteSink } from './byte-sink.ts';
import type { CjsonSettings } from './cjson-settings.ts';
import type { LuaThread } from './lua-exports.ts';
import type { LuaModule } from './lua-module.ts';

const PLACES = 4;

type Token =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_STRING'
  | 'T_NUMBER'
  | 'T_BOOLEAN'
  | 'T_NULL'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_END'
  | 'T_ERROR';

const PUNCTUATION: Readonly<Record<number, Token>> = {
  0: 'T_END',
  123: 'T_OBJ_BEGIN',
  125: 'T_OBJ_END',
  91: 'T_ARR_BEGIN',
  93: 'T_ARR_END',
  58: 'T_COLON',
  44: 'T_COMMA',
};

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** The bytes that stand behind a backslash, and what they mean. */
const ESCAPES: Readonly<Record<number, number>> = {
  34: 0x22,
  92: 0x5c,
  47: 0x2f,
  98: 0x08,
  102: 0x0c,
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
};
const DECIMAL = /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/iy;
const HEXADECIMAL = /([-+]?)0x([\da-f]*)(?:\.([\da-f]*))?(?:p([-+]?\d+))?/iy;
const NOT_FINITE = /([-+]?)(?:(inf(?:inity)?)|nan(?:\(\w*\))?)/iy;

/** See the file's comment. */
export class CjsonDecoder {
  readonly #module: LuaModule;
  readonly #settings: CjsonSettings;
  readonly #string = new ByteSink();
  #text: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Where the token begins, and what is wrong with it. */
  #tokenAt = 0;
  #problem = '';
  #number = 0;
  #isTrue = false;

  constructor(module: LuaModule, settings: CjsonSettings) {
    this.#module = module;
    this.#settings = settings;
  }

  /** Pushes what the text says; raises an error. */
  decode(L: LuaThread, text: Buffer): void {
    this.#text = text;
    this.#at = 0;
    this.#value(L, this.#next(), 0);
    const token = this.#next();
    if (token !== 'T_END') this.#fail(L, 'the end', token);
  }

  #fail(L: LuaThread, expected: string, token: Token): never {
    const found = token === 'T_ERROR' ? this.#problem : token;
    return this.#module.raise(
      L,
      `Expected ${expected} but found ${found} at character ${this.#tokenAt + 1}`,
    );
  }

  #value(L: LuaThread, token: Token, depth: number): void {
    const module = this.#module;
    const { api } = module;
    switch (token) {
      case 'T_STRING':
        module.pushBytes(L, this.#string.bytes, 0, this.#string.length);
        break;
      case 'T_NUMBER':
        api.lua_pushnumber(L, this.#number);
        break;
      case 'T_BOOLEAN':
        api.lua_pushboolean(L, Number(this.#isTrue));
        break;
      case 'T_NULL':
        api.lua_pushlightuserdata(L, 0);
        break;
      case 'T_OBJ_BEGIN':
        this.#object(L, depth + 1);
        break;
      case 'T_ARR_BEGIN':
        this.#array(L, depth + 1);
        break;
      default:
        this.#fail(L, 'value', token);
    }
  }

  #descend(L: LuaThread, depth: number): void {
    const { api } = this.#module;
    if (depth <= this.#settings.decodeDepthMax && api.lua_checkstack(L, PLACES) !== 0) return;
    this.#module.raise(
      L,
      `Found too many nested data structures (${depth}) at character ${this.#at}`,
    );
  }

  #object(L: LuaThread, depth: number): void {
    const module = this.#module;
    const { api } = module;
    this.#descend(L, depth);
    api.lua_createtable(L, 0, 0);
    let token = this.#next();
    if (token === 'T_OBJ_END') return;
    for (;;) {
      if (token !== 'T_STRING') this.#fail(L, 'object key string', token);
      module.pushBytes(L, this.#string.bytes, 0, this.#string.length);
      token = this.#next();
      if (token !== 'T_COLON') this.#fail(L, 'colon', token);
      this.#value(L, this.#next(), depth);
      api.lua_rawset(L, -3);
      token = this.#next();
      if (token === 'T_OBJ_END') return;
      if (token !== 'T_COMMA') this.#fail(L, 'comma or object end', token);
      token = this.#next();
    }
  }

  #array(L: LuaThread, depth: number): void {
    const { api } = this.#module;
    this.#descend(L, depth);
    api.lua_createtable(L, 0, 0);
    let token = this.#next();
    if (token === 'T_ARR_END') return;
    for (let i = 1; ; i++) {
      this.#value(L, token, depth);
      api.lua_rawseti(L, -2, i);
      token = this.#next();
      if (token === 'T_ARR_END') return;
      if (token !== 'T_COMMA') this.#fail(L, 'comma or array end', token);
      token = this.#next();
    }
  }

  #next(): Token {
    const text = this.#text;
    let byte = text[this.#at] ?? 0;
    while (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) {
      byte = text[++this.#at] ?? 0;
    }
    this.#tokenAt = this.#at;
    const mark = PUNCTUATION[byte];
    if (mark !== undefined) {
      if (mark !== 'T_END') this.#at++;
      return mark;
    }
    if (byte === QUOTE) return this.#readString();
    const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
    if (isNumber) {
      if (!this.#settings.decodeInvalid && this.#isUnusual()) return this.#error('invalid number');
      return this.#readNumber();
    }
    if (this.#follows('true')) return this.#boolean(true);
    if (this.#follows('false')) return this.#boolean(false);
    if (this.#follows('null')) return 'T_NULL';
    if (this.#settings.decodeInvalid && this.#isUnusual()) return this.#readNumber();
    return this.#error('invalid token');
  }

  #boolean(isTrue: boolean): Token {
    this.#isTrue = isTrue;
    return 'T_BOOLEAN';
  }

  #error(problem: string): Token {
    this.#problem = problem;
    return 'T_ERROR';
  }

  #errorAt(at: number, problem: string): Token {
    this.#tokenAt = at;
    return this.#error(problem);
  }

  #follows(word: string): boolean {
    if (this.#text[this.#at] !== word.charCodeAt(0)) return false;
    if (this.#text.toString('latin1', this.#at, this.#at + word.length) !== word) return false;
    this.#at += word.length;
    return true;
  }

  /** Whether what follows is a number that C reads and JSON does not have. */
  #isUnusual(): boolean {
    const text = this.#text;
    let at = this.#at;
    if (text[at] === 0x2b) return true;
    if (text[at] === 0x2d) at++;
    const first = text[at] ?? 0;
    if (first === 0x30) {
      const second = text[at + 1] ?? 0;
      return (second | 0x20) === 0x78 || (second >= 0x30 && second <= 0x39);
    }
    if (first <= 0x39) return false;
    return /^(?:inf|nan)/i.test(text.toString('latin1', at, at + 3));
  }

  #readNumber(): Token {
    // Numbers are short; one that is not is read to its end.
    for (let length = 64; ; length *= 8) {
      const text = this.#text.toString('latin1', this.#at, this.#at + length);
      const used = this.#parseNumber(text);
      if (used < text.length || this.#at + length >= this.#text.length) {
        if (used === 0) return this.#error('invalid number');
        this.#at += used;
        return 'T_NUMBER';
      }
    }
  }

  /** Reads a number as strtod does; answers its length, 0 where there is none. */
  #parseNumber(text: string): number {
    HEXADECIMAL.lastIndex = 0;
    const hex = HEXADECIMAL.exec(text);
    if (hex !== null && (hex[2] !== '' || (hex[3] ?? '') !== '')) {
      const fraction = hex[3] ?? '';
      const digits = `${hex[2]}${fraction}`;
      const exponent = Number(hex[4] ?? 0) - 4 * fraction.length;
      const value = Number(BigInt(`0x${digits}`)) * 2 ** exponent;
      this.#number = hex[1] === '-' ? -value : value;
      return hex[0].length;
    }
    DECIMAL.lastIndex = 0;
    const decimal = DECIMAL.exec(text);
    if (decimal !== null) {
      this.#number = Number(decimal[0]);
      return decimal[0].length;
    }
    NOT_FINITE.lastIndex = 0;
    const unusual = NOT_FINITE.exec(text);
    if (unusual === null) return 0;
    const value = unusual[2] === undefined ? Number.NaN : Number.POSITIVE_INFINITY;
    this.#number = unusual[1] === '-' ? -value : value;
    return unusual[0].length;
  }

  #readString(): Token {
    const text = this.#text;
    const out = this.#string;
    out.clear();
    let at = this.#at + 1;
    for (;;) {
      let end = at;
      while (
        end < text.length &&
        text[end] !== QUOTE &&
        text[end] !== BACKSLASH &&
        text[end] !== 0
      ) {
        end++;
      }
      out.copy(text, at, end - at);
      at = end;
      const byte = text[at] ?? 0;
      if (byte === QUOTE) break;
      if (byte === 0) return this.#errorAt(at, 'unexpected end of string');
      const escaped = text[at + 1] ?? 0;
      if (escaped === LETTER_U) {
        const used = this.#unicode(at);
        if (used === 0) return this.#errorAt(at, 'invalid unicode escape code');
        at += used;
        continue;
      }
      const meaning = ESCAPES[escaped];
      if (meaning === undefined) return this.#errorAt(at, 'invalid escape code');
      out.byte(meaning);
      at += 2;
    }
    this.#at = at + 1;
    return 'T_STRING';
  }

  /** Reads `\uXXXX`, or two for one character; answers their length, 0 when they are none. */
  #unicode(at: number): number {
    const first = this.#hexadecimal(at + 2);
    if (first < 0 || (first & 0xfc00) === 0xdc00) return 0;
    if ((first & 0xfc00) !== 0xd800) {
      this.#character(first);
      return 6;
    }
    const isPair = this.#text[at + 6] === BACKSLASH && this.#text[at + 7] === LETTER_U;
    const second = isPair ? this.#hexadecimal(at + 8) : -1;
    if (second < 0 || (second & 0xfc00) !== 0xdc00) return 0;
    this.#character(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff));
    return 12;
  }

  #character(codePoint: number): void {
    const bytes = Buffer.from(String.fromCodePoint(codePoint));
    this.#string.copy(bytes, 0, bytes.length);
  }

  #hexadecimal(at: number): number {
    const digits = this.#text.toString('latin1', at, at + 4);
    return /^[\da-f]{4}$/i.test(digits) ? Number.parseInt(digits, 16) : -1;
  }
}

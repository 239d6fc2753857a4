/** What scripts must not be able to do: each test is an attack that has worked on some Redis. */
import { describe, expect, test } from 'vitest';
import { ClientRoom } from '../../test/support/client-room.ts';

const room = new ClientRoom();
const client = room.enter();

function run(code: string, ...rest: string[]): string {
  return client.call('EVAL', code, '0', ...rest);
}

/** After an attack everything is as it was. */
function expectHealthy(): void {
  expect(run("return redis.call('PING')")).toBe('PONG');
  expect(run('return {1, "a"}')).toBe('[(integer) 1, "a"]');
}

describe('Compiled code', () => {
  const DUMPED = 'local code = string.dump(function() return 1 end)';

  test.each([
    ['loadstring', `${DUMPED} local f, e = loadstring(code) return e`],
    [
      'load',
      `${DUMPED} local n = 0 local f, e = load(function() n = n + 1 if n == 1 then return code end end) return e`,
    ],
    [
      'load in pieces',
      `${DUMPED} local i = 0 local f, e = load(function() i = i + 1 return code:sub(i, i) end) return e`,
    ],
  ])('is not loaded by %s', (_name, code) => {
    expect(run(code)).toContain("unexpected symbol near 'char(27)'");
    expectHealthy();
  });

  test('is no script', () => {
    expect(run('\u001bLuaQ')).toMatch(/^\(error\) ERR Error compiling script/);
    expectHealthy();
  });
});

describe('What all scripts share is read-only', () => {
  test.each([
    'x = 1',
    '_G.x = 1',
    'redis = nil',
    'function x() end',
    'function redis.call() end',
    'local function f() return function() KEYS = nil end end f()()',
    "loadstring('x = 1')()",
    'coroutine.wrap(function() x = 1 end)()',
    'redis.call = nil',
    'server.call = nil',
    'string.upper = nil',
    "getmetatable('').__index = {}",
    "getmetatable('').__index.upper = function() end",
    'getmetatable(_G).__index = nil',
    "rawset(_G, 'x', 1)",
    "rawset(redis, 'call', 1)",
    'setmetatable(_G, nil)',
    'setmetatable(redis, {})',
    'table.insert(cjson, 1)',
    'table.remove(bit, 1)',
    'table.sort(struct)',
    'local f, t = pairs(redis) t.call = 1',
    'local k, v = next(_G) _G[k] = 1',
  ])('%s', (code) => {
    expect(run(code)).toMatch(/readonly table|nil value|no-op/);
    expectHealthy();
    expect(run('return type(redis.call) .. type(string.upper)')).toBe('"functionfunction"');
  });

  test('by functions of a library too, whose other functions find globals in another way', () => {
    const reads = 'local function reads() return type(redis.call) .. #KEYS end';
    const code = `#!lua name=attack
      local function sets() x = 1 end
      redis.register_function('sets', sets)
      redis.register_function('nested', function() return (function() redis = nil end)() end)
      redis.register_function('reads', function() return type(redis.call) .. type(cjson) end)`;
    expect(client.call('FUNCTION', 'LOAD', 'REPLACE', code)).toBe('"attack"');
    expect(client.call('FCALL', 'sets', '0')).toContain('readonly table');
    expect(client.call('FCALL', 'nested', '0')).toContain('readonly table');
    expect(client.call('FCALL', 'reads', '0')).toBe('"functiontable"');
    expect(run(`${reads} return reads()`)).toBe('"function0"');
    expect(run('return nothing')).toContain("nonexistent global variable 'nothing'");
  });

  test('but each status is a table of its own', () => {
    const code = `local a, b = redis.call('PING'), redis.call('PING')
      a.ok = 'A' a.more = 1 b.other = 2
      return {a.ok, a.more, b.ok, b.other, tostring(b.more), redis.call('PING').ok}`;
    expect(run(code)).toBe('["A", (integer) 1, "PONG", (integer) 2, "nil", "PONG"]');
  });

  test('and what leads out of the sandbox is not there', () => {
    const ways = ['getfenv', 'setfenv', 'newproxy', 'dofile', 'require', 'package', 'io', 'debug'];
    for (const name of ways) {
      expect(run(`return ${name}`)).toContain('nonexistent global variable');
    }
  });

  test('metatables of other basic types cannot be set', () => {
    expect(run('return getmetatable(1) == nil and getmetatable(nil) == nil')).toBe('(integer) 1');
    expect(run('setmetatable(1, {})')).toContain('bad argument #1');
  });
});

describe('Numbers at the end of their range', () => {
  test.each([
    ['return bit.tohex(65535, -2147483648)', '"0000FFFF"'],
    ['return bit.tohex(65535, 2147483647)', '"0000ffff"'],
    ['return {unpack({1, 2, 3}, -2, 2147483647)}', 'too many results to unpack'],
    ['return {unpack({1, 2, 3}, 2147483647, 2147483647)}', '[]'],
    ["return string.sub('abc', -2147483648, 2147483647)", '"abc"'],
  ])('%s', (code, answer) => {
    expect(run(code)).toContain(answer);
    expectHealthy();
  });

  test('a long bracket that never ends is a mistake of the script', () => {
    const code = "return loadstring('x = [' .. string.rep('=', 2 ^ 20))";
    expect(run(code)).toBe('(nil)');
    expectHealthy();
  });
});

describe('Exhaustion ends in an error', () => {
  test.each([
    ['memory', 'local t = {} for i = 1, 1e9 do t[i] = string.rep("x", 1e6) .. i end'],
    ['a string too long', 'return string.rep("x", 2 ^ 40)'],
    ['a string of nothing', 'return string.rep("", 2 ^ 31 - 1)'],
    ['protected calls in each other', 'local function f() return pcall(f) end return type(f())'],
    ['coroutines in each other', 'local function f() return coroutine.wrap(f)() end return f()'],
    ['recursion', 'local function f() return 1 + f() end return f()'],
    ['unpack', 'return unpack({}, 1, 1e8)'],
    ['a pattern', 'return string.find(string.rep("a", 3e5), string.rep("a?", 3e5) .. "b")'],
    ['concatenation', 'local s = "x" for i = 1, 40 do s = s .. s end return #s'],
    ['a deep table', 'local t = {} for i = 1, 1e5 do t = {t} end return t'],
    ['deep JSON', 'return cjson.decode(string.rep("[", 1e5))'],
    ['a deep table as JSON', 'local t = {} for i = 1, 1e5 do t = {t} end return cjson.encode(t)'],
    ['deep MessagePack', 'return cmsgpack.unpack(string.rep("\\145", 1e5) .. "\\1")'],
    ['many values of MessagePack', 'return cmsgpack.unpack(string.rep("\\1", 1e5))'],
    ['a promised array of MessagePack', 'return cmsgpack.unpack("\\221\\255\\255\\255\\255")'],
    ['a size of struct', 'return struct.pack("c2147483647", "x")'],
    ['an offset of struct', 'return struct.unpack("I4", "abcd", 2147483647)'],
    ['a length of struct', 'return struct.unpack("i4c0", "\\255\\255\\255\\255")'],
    ['many results of struct', 'return struct.unpack(string.rep("b", 1e5), string.rep("x", 1e5))'],
    ['a width of struct', 'return struct.pack("i99999999999999", 1)'],
  ])(
    '%s',
    (_name, code) => {
      expect(run(code)).toMatch(/^(\(error\)|""|"boolean"|\[)/);
      expectHealthy();
    },
    20_000,
  );

  test('an error that is a table without a text', () => {
    expect(run('error({})')).toMatch(/^\(error\) /);
    expect(run('error(setmetatable({}, {__tostring = error}))')).toMatch(/^\(error\) /);
    expectHealthy();
  });
});

import { defineScript, in72, type Line, on, receive, send, silence } from '../script.ts';

/** EVAL of a script with keys and arguments. */
const run = (code: string, ...rest: string[]): Line => ['EVAL', code, '0', ...rest];
const readOnly = (code: string): Line => ['EVAL_RO', code, '0'];

const WRITE = "return redis.call('SET', 'k', 'v')";
const LIBRARY = `#!lua name=lib
local function set() return redis.call('SET', 'k', 'v') end
local function get() return redis.call('GET', 'k') end
redis.register_function('plain', set)
redis.register_function{function_name = 'large', callback = set, flags = {'allow-oom'}}
redis.register_function{function_name = 'reads', callback = get, flags = {'no-writes'}}
redis.register_function{function_name = 'lies', callback = set, flags = {'no-writes'}}
`;
const waits = (code: string, resp2: string, resp3 = resp2): Line =>
  in72(run(code), 'commands that wait may be called, and do not wait', resp2, resp3);
const shortest = (number: string, text: string): Line =>
  in72(
    run(`redis.call('SET', 'n', ${number}) return redis.call('GET', 'n')`),
    'the fewest digits that read back as the number',
    `$${text}`,
  );

export const script = defineScript(
  {
    'Memory that is used up': [
      'FUNCTION FLUSH',
      ['FUNCTION', 'LOAD', LIBRARY],
      'SET k v',
      'CONFIG SET maxmemory 1',
      run(WRITE),
      run(WRITE.replace('call', 'pcall')),
      run("return redis.call('GET', 'k')"),
      run("return redis.call('DEL', 'none')"),
      // What has begun to write goes on.
      run("redis.call('DEL', 'none') return redis.call('SET', 'k', 'w')"),
      run("return redis.pcall('GET', 'k')"),
      run(`#!lua\n${WRITE}`),
      run('#!lua\nreturn 1'),
      run(`#!lua flags=allow-oom\n${WRITE}`),
      run("#!lua flags=no-writes\nreturn redis.call('GET', 'k')"),
      readOnly("return redis.call('GET', 'k')"),
      ['SCRIPT', 'LOAD', '#!lua\nreturn 1'],
      'EVALSHA 27219214d967fe4b4f0c20a0be4a9c6e2ea9fdb6 0',
      'FCALL plain 0',
      'FCALL large 0',
      'FCALL reads 0',
      'FCALL_RO reads 0',
      'FCALL_RO plain 0',
      'FCALL nosuch 0',
      ['FUNCTION', 'LOAD', LIBRARY.replace('lib', 'other')],
      'MULTI',
      run("return redis.call('GET', 'k')"),
      'FCALL reads 0',
      'EXEC',
      'MULTI',
      'FCALL plain 0',
      'EXEC',
      'CONFIG SET maxmemory 0',
      run(WRITE),
      'FUNCTION FLUSH',
    ],

    'Scripts while writes are paused': [
      'FUNCTION FLUSH',
      ['FUNCTION', 'LOAD', LIBRARY],
      'SET k v',
      'CLIENT PAUSE 60000 WRITE',
      run("#!lua flags=no-writes\nreturn redis.call('GET', 'k')"),
      readOnly("return redis.call('GET', 'k')"),
      'FCALL reads 0',
      'FCALL_RO reads 0',
      on('a', send(['EVAL', 'return 1', '0'])),
      on('a', silence(60)),
      on('b', send(['EVAL', '#!lua\nreturn 2', '0'])),
      on('b', silence(60)),
      on('c', send('FCALL plain 0')),
      on('c', silence(60)),
      on('d', 'MULTI'),
      on('d', 'FCALL reads 0'),
      on('d', 'EXEC'),
      'CLIENT UNPAUSE',
      on('a', receive()),
      on('b', receive()),
      on('c', receive()),
      'FUNCTION FLUSH',
    ],

    'SORT of a set gives scripts an order': [
      'SADD s zeta alpha 10 mid beta',
      ['EVAL', "return redis.call('SORT', 's', 'BY', 'nosort')", '0'],
      ['EVAL', "return redis.call('SORT_RO', 's', 'BY', 'nosort', 'LIMIT', 1, 2)", '0'],
      ['EVAL', "return redis.call('SORT', 's', 'BY', 'nosort', 'DESC', 'GET', '#')", '0'],
    ],

    'Scripts that only read': [
      'FUNCTION FLUSH',
      ['FUNCTION', 'LOAD', LIBRARY],
      readOnly(WRITE),
      readOnly("return redis.call('PUBLISH', 'c', 'm')"),
      readOnly("return redis.call('SPUBLISH', 'c', 'm')"),
      readOnly("return redis.call('PFCOUNT', 'p')"),
      readOnly("return redis.pcall('PFCOUNT', 'p')"),
      readOnly("return redis.call('SORT', 'l', 'STORE', 'd')"),
      readOnly("return redis.call('SORT_RO', 'l')"),
      readOnly("return redis.call('GETEX', 'k', 'EX', 1)"),
      run("#!lua flags=no-writes\nreturn redis.call('PUBLISH', 'c', 'm')"),
      run("#!lua flags=no-writes\nreturn redis.call('PFCOUNT', 'p')"),
      run("#!lua\nreturn redis.call('PFCOUNT', 'p')"),
      'FCALL lies 0',
      'FCALL_RO lies 0',
      'FUNCTION FLUSH',
    ],

    'The first line of a script': [
      run('#!lua flags=,\nreturn 1'),
      run('#!lua flags=\nreturn 1'),
      run('#!lua flags=no-writes,\nreturn 1'),
      run('#!lua flags=no-writes\r\nreturn 1'),
      run('#!lua\tflags=no-writes \nreturn 1'),
      run("#!lua 'a b'\nreturn 1"),
      run('#!lua "flags=no-writes"\nreturn 1'),
      run('#!lua "flags=no-writes\nreturn 1'),
      run('#! lua\nreturn 1'),
      run('#!\nreturn 1'),
    ],

    'Commands that wait': [
      waits("return redis.call('BLPOP', 'l', 0)", 'nil$', '_'),
      waits("return redis.call('BRPOPLPUSH', 'l', 'd', 0)", 'nil$', '_'),
      waits("return redis.call('BLMOVE', 'l', 'd', 'LEFT', 'LEFT', 0)", 'nil$', '_'),
      waits("return redis.call('BZPOPMAX', 'z', 0)", 'nil$', '_'),
      waits("return redis.call('WAIT', 1, 0)", ':0'),
      run("return redis.call('BLMPOP', 0, 1, 'l', 'LEFT')"),
      run("return redis.call('XREAD', 'BLOCK', 0, 'STREAMS', 's', '0')"),
      run(
        "return redis.pcall('xreadgroup', 'GROUP', 'BLOCK', 'c', 'BLOCK', 0, 'STREAMS', 's', '>')",
      ),
      run("return redis.call('XREAD', 'COUNT', 2, 'STREAMS', 'BLOCK', '0')"),
      'RPUSH l a',
      waits("return redis.call('BRPOP', 'l', 0)[2]", '$a'),
    ],

    'Numbers as arguments': [
      shortest('0.1', '0.1'),
      shortest('1/3', '0.3333333333333333'),
      shortest('-2.5e-7', '-2.5e-7'),
      shortest('2^62', '4611686018427387904'),
      run("redis.call('SET', 'n', 1e9) return redis.call('GET', 'n')"),
      run("redis.call('SET', 'n', -2^53) return redis.call('GET', 'n')"),
      run(
        "local t = {} for i = 1, 2000 do t[i] = i end return redis.call('RPUSH', 'm', unpack(t))",
      ),
      'LRANGE m 0 4',
      'LRANGE m 1990 -1',
    ],

    'Tables of all shapes': [
      run('local t = {} for i = 1, 100 do t[i] = i end return t'),
      run('local t = {} for i = 20, 1, -1 do t[i] = i end return t'),
      run("local t = {1, 2, 3, 'x'} t[2] = nil return t"),
      run("local t = {} table.insert(t, 'a') table.insert(t, 1, 'b') return t"),
      run("return {[1] = 'a', [2] = 'b', [4] = 'd'}"),
      run('return {1, 2, x = 3, {4, {5, {}}, y = {6}}}'),
      run("local t = {1, 2, ok = 'x'} t.ok = nil return t"),
      run('local t = {} for i = 1, 8 do t[i] = {i, {i}} end return t'),
      run("return {{ok = 'fine'}, {err = 'ERR bad'}, {double = 1.5}, {1, nil, 2}}"),
      run('return setmetatable({1, 2}, {__index = function() return 3 end})'),
    ],

    'Texts of errors': [
      run("return redis.error_reply('\\r\\na b\\r\\n')"),
      run("return redis.error_reply('a \\r\\n b \\r\\n')"),
      run("return redis.error_reply('-a \\r\\nb\\r\\n')"),
      run("return redis.error_reply('--ab c')"),
      run("return redis.error_reply('-')"),
      run("return redis.error_reply('a\\0b c')"),
      run("return redis.status_reply('a\\0b')"),
      run("error({err = 'a\\0b'})"),
      run("error('a\\0b')"),
      run("return {{err = 'a\\0b'}, {ok = 'a\\0b'}, 'a\\0b'}"),
    ],
  },
  { flags: ['--maxmemory-policy', 'noeviction'] },
);

/** Scripts that run for long: what others get meanwhile, and how they end. */
import { describe, expect, test } from 'vitest';
import { ClientRoom } from '../../test/support/client-room.ts';

const BUSY =
  '(error) BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.';
const FOREVER = 'while true do end';

function start() {
  const room = new ClientRoom();
  room.scripts.thresholdMs = 20;
  return { room, caller: room.enter(), other: room.enter() };
}

/** Resolves once the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it takes too long');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function reply(client: ReturnType<ClientRoom['enter']>): Promise<string> {
  let text = '';
  await until(() => {
    text += client.take();
    return text !== '';
  });
  return text;
}

describe('A script that does not end', () => {
  test.each([
    ['a loop', FOREVER],
    ['a protected loop', 'while true do pcall(function() while true do end end) end'],
    ['a loop in a coroutine', `coroutine.wrap(function() ${FOREVER} end)()`],
    ['a loop of commands', "while true do redis.call('GET', 'k') end"],
  ])('lets others have their say, and is killed: %s', async (_name, code) => {
    const { caller, other } = start();
    other.call('SET', 'k', 'v');
    caller.send(['EVAL', code, '0']);
    expect(caller.take()).toBe('');
    expect(other.call('GET', 'k')).toBe(BUSY);
    expect(other.call('FUNCTION', 'KILL')).toBe(BUSY);
    expect(other.call('SHUTDOWN', 'SAVE')).toBe(BUSY);
    expect(other.call('SCRIPT', 'KILL')).toBe('OK');
    expect(await reply(caller)).toMatch(/^-ERR Script killed by user with SCRIPT KILL/);
    expect(other.call('GET', 'k')).toBe('"v"');
    expect(caller.call('EVAL', 'return 1', '0')).toBe('(integer) 1');
    expect(other.call('SCRIPT', 'KILL')).toMatch(/NOTBUSY/);
  });

  test('cannot be killed once it has written', async () => {
    const { caller, other } = start();
    const code = "redis.call('SET', 'k', 1) for i = 1, 2e7 do end return 'done'";
    caller.send(['EVAL', code, '0']);
    expect(other.call('SCRIPT', 'KILL')).toMatch(/^\(error\) UNKILLABLE /);
    expect(other.call('GET', 'k')).toBe(BUSY);
    expect(await reply(caller)).toBe('$4\r\ndone\r\n');
    expect(other.call('GET', 'k')).toBe('"1"');
  });

  test('lets a transaction be begun, but not run', () => {
    const { caller, other } = start();
    caller.send(['EVAL', FOREVER, '0']);
    expect(other.call('MULTI')).toBe('OK');
    expect(other.call('GET', 'k')).toBe(BUSY);
    expect(other.call('EXEC')).toMatch(/EXECABORT/);
    expect(other.call('SCRIPT', 'KILL')).toBe('OK');
  });

  test('is shown by FUNCTION STATS, and a function ends by FUNCTION KILL', async () => {
    const { caller, other } = start();
    const code = `#!lua name=lib\nredis.register_function('f', function() ${FOREVER} end)`;
    expect(caller.call('FUNCTION', 'LOAD', code)).toBe('"lib"');
    caller.send(['FCALL', 'f', '0', 'word']);
    expect(other.call('FUNCTION', 'STATS')).toContain('"name", "f", "command", ["FCALL", "f"');
    expect(other.call('SCRIPT', 'KILL')).toMatch(/BUSY .* FUNCTION KILL/);
    expect(other.call('FUNCTION', 'KILL')).toBe('OK');
    expect(await reply(caller)).toMatch(/killed by user with FUNCTION KILL/);
  });
});

describe('A script that takes its time', () => {
  const SLOW = `
    local sum = 0
    for i = 1, 3e6 do sum = sum + 1 end
    redis.call('RPUSH', 'l', 'a')
    for i = 1, 3e6 do sum = sum + 1 end
    return sum`;

  test('goes on where it was, and its effects come at once', async () => {
    const { room, caller, other } = start();
    room.scripts.thresholdMs = 1;
    const waiting = room.enter();
    waiting.send(['BLPOP', 'l', '0']);
    caller.send(['EVAL', SLOW, '0'], ['PING']);
    expect(other.call('LLEN', 'l')).toBe(BUSY);
    expect(await reply(caller)).toBe(':6000000\r\n+PONG\r\n');
    expect(waiting.take()).toBe('*2\r\n$1\r\nl\r\n$1\r\na\r\n');
    expect(other.call('LLEN', 'l')).toBe('(integer) 0');
  });

  test('runs to its end in a transaction', () => {
    const { room, caller } = start();
    room.scripts.thresholdMs = 1;
    caller.call('MULTI');
    caller.call('EVAL', SLOW, '0');
    expect(caller.call('EXEC')).toBe('[(integer) 6000000]');
  });
});

/** Scripts that do not end, on a running server: others have their say, and nothing is lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { show } from '../support/engine.ts';
import { ConnectionClosedError, RespClient } from '../support/resp-client.ts';
import type { Reply } from '../support/resp-reply.ts';
import { type RunningServer, startTestServer } from '../support/server.ts';

const THRESHOLD_MS = 200;
/** On a machine that others use, too. */
const LATE_MS_MAX = 3000;
const BUSY = /^\(error\) BUSY Redis is busy running a script/;

let server: RunningServer;
let caller: RespClient;
let other: RespClient;

beforeEach(async () => {
  server = await startTestServer(['--busy-reply-threshold', String(THRESHOLD_MS)]);
  caller = await RespClient.connect(server.port);
  other = await RespClient.connect(server.port);
  await other.call('SET', 'k', 'v');
});
afterEach(() => server.stop());

/** A reply of one line, as it is shown. */
async function shown(reply: Promise<Reply>): Promise<string> {
  return show(await reply);
}

/** What GET is told by the server; it may come before the script does. */
async function answerOnceRunning(): Promise<string> {
  const endMs = performance.now() + LATE_MS_MAX;
  for (;;) {
    const answer = await shown(other.call('GET', 'k'));
    if (BUSY.test(answer) || performance.now() > endMs) return answer;
  }
}

test.each([
  ['a loop', 'while true do end'],
  ['a loop of commands', "while true do redis.call('GET', KEYS[1]) end"],
  ['a loop in protected calls', 'while true do pcall(function() while true do end end) end'],
])('%s is answered BUSY to others, and killed', async (_name, code) => {
  const startMs = performance.now();
  caller.send(['EVAL', code, '1', 'k']);
  caller.send(['INCR', 'behind']);
  expect(await answerOnceRunning()).toMatch(BUSY);
  expect(performance.now() - startMs).toBeLessThan(THRESHOLD_MS + LATE_MS_MAX);
  // Who comes only now is answered as well.
  const late = await RespClient.connect(server.port);
  expect(await shown(late.call('SET', 'k', 'other'))).toMatch(BUSY);
  expect(await shown(late.call('FUNCTION', 'STATS'))).toMatch(BUSY);
  expect(await shown(late.call('SHUTDOWN', 'ABORT'))).toMatch(/No shutdown in progress/);
  expect(await shown(late.call('SCRIPT', 'KILL'))).toBe('OK');
  expect(await shown(caller.read())).toMatch(
    /^\(error\) ERR Script killed by user with SCRIPT KILL/,
  );
  expect(await shown(caller.read())).toBe('(integer) 1');
  expect(await shown(other.call('GET', 'k'))).toBe('"v"');
  await late.close();
});

test('one that has written goes on, and SHUTDOWN NOSAVE ends the server', async () => {
  const code = "redis.call('SET', 'k', 'w') while true do end";
  caller.send(['EVAL', code, '0']);
  expect(await answerOnceRunning()).toMatch(BUSY);
  expect(await shown(other.call('SCRIPT', 'KILL'))).toMatch(/^\(error\) UNKILLABLE /);
  await expect(other.call('SHUTDOWN', 'NOSAVE')).rejects.toThrow(ConnectionClosedError);
  await expect(caller.read()).rejects.toThrow(ConnectionClosedError);
});

test('while one runs, the append-only file has what others wrote before it', async () => {
  await server.stop();
  const flags = ['--busy-reply-threshold', String(THRESHOLD_MS), '--appendonly', 'yes'];
  server = await startTestServer(flags);
  caller = await RespClient.connect(server.port);
  other = await RespClient.connect(server.port);
  expect(await shown(other.call('SET', 'before', 'kept'))).toBe('OK');
  caller.send(['EVAL', "redis.call('SET', 'k', 'half') while true do end", '0']);
  expect(await answerOnceRunning()).toMatch(BUSY);
  const endMs = performance.now() + LATE_MS_MAX;
  while (!appended().includes('kept') && performance.now() < endMs) await other.call('GET', 'k');
  expect(appended()).toContain('kept');
  expect(appended()).not.toContain('half');
  expect(await shown(other.call('BGSAVE'))).toMatch(BUSY);
  server.process.kill('SIGKILL');
});

/** What the increments of the append-only file have. */
function appended(): string {
  const directory = join(server.dir, 'appendonlydir');
  const names = readdirSync(directory).filter((name) => name.endsWith('.incr.aof'));
  return names.map((name) => readFileSync(join(directory, name), 'latin1')).join('');
}

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { show } from '../support/engine.ts';
import { RespClient } from '../support/resp-client.ts';
import { type RunningServer, startRedstart, startTestServer } from '../support/server.ts';

const DEBUGGING = ['--enable-debug-command', 'yes'];
const NOT_RELOADED = '(error) ERR Error trying to load the AOF files, check server logs.';
const LIBRARY = "#!lua name=one\nredis.register_function('f', function() return 'f' end)";

const closing: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(
  flags: readonly string[],
  starting = startTestServer,
): Promise<{ server: RunningServer; ask: (line: string) => Promise<string> }> {
  const server = await starting([...DEBUGGING, ...flags]);
  closing.push(() => server.stop());
  const client = await RespClient.connect(server.port);
  closing.push(() => client.close());
  return { server, ask: async (line) => show(await client.call(...line.split(' '))) };
}

describe('DEBUG LOADAOF', () => {
  it.each(['always', 'everysec', 'no'])('loads what was changed (%s)', async (policy) => {
    const { ask } = await start(['--appendonly', 'yes', '--appendfsync', policy]);
    for (let round = 0; round < 3; round++) {
      await ask(`SET k${round} v`);
      await ask('INCR n');
      await ask('SELECT 3');
      await ask('RPUSH list a b');
      await ask('SELECT 0');
      await ask('SET due v PX 1000000');
      const digest = await ask('DEBUG DIGEST');
      // What was not written anywhere is gone.
      await ask('DEBUG POPULATE 3');
      expect(await ask('EXISTS key:0 key:1 key:2')).toBe('(integer) 3');
      expect(await ask('DEBUG LOADAOF')).toBe('OK');
      expect(await ask('DEBUG DIGEST')).toBe(digest);
      if (round === 1) await ask('BGREWRITEAOF');
    }
    expect(await ask('GET n')).toBe('"3"');
    await ask('INCR n');
    expect(await ask('DEBUG LOADAOF')).toBe('OK');
    expect(await ask('GET n')).toBe('"4"');
  });

  it('loads the libraries of functions as well', async () => {
    const { server, ask } = await start(['--appendonly', 'yes']);
    const client = await RespClient.connect(server.port);
    closing.push(() => client.close());
    expect(show(await client.call('FUNCTION', 'LOAD', LIBRARY))).toBe('"one"');
    expect(await ask('DEBUG LOADAOF')).toBe('OK');
    expect(await ask('FCALL f 0')).toBe('"f"');
  });

  it('does not disturb others, who go on behind it', async () => {
    // Redis loses what it has not written yet.
    const flags = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
    const { server, ask } = await start(flags, startRedstart);
    const other = await RespClient.connect(server.port);
    closing.push(() => other.close());
    for (let round = 0; round < 20; round++) {
      const writes = Array.from({ length: 50 }, () => ['INCR', 'other']);
      for (const words of writes) other.send(words);
      expect(await ask('DEBUG LOADAOF')).toBe('OK');
      for (const _ of writes) await other.read();
    }
    expect(await ask('GET other')).toBe('"1000"');
    expect(await ask('DEBUG LOADAOF')).toBe('OK');
    expect(await ask('GET other')).toBe('"1000"');
  });

  it('gives nobody who waits what was there only on the way', async () => {
    const { server, ask } = await start(['--appendonly', 'yes'], startRedstart);
    await ask('RPUSH list gone');
    await ask('LPOP list');
    const waiting = await RespClient.connect(server.port);
    closing.push(() => waiting.close());
    waiting.send(['BLPOP', 'list', '0']);
    await expect.poll(() => ask('INFO clients')).toContain('blocked_clients:1');
    expect(await ask('DEBUG LOADAOF')).toBe('OK');
    await ask('RPUSH list new');
    expect(show(await waiting.read())).toBe('["list", "new"]');
  });

  it('is an error without a file, in a transaction, and where the file is damaged', async () => {
    const { ask } = await start([], startRedstart);
    expect(await ask('DEBUG LOADAOF')).toBe(NOT_RELOADED);
    const { server, ask: again } = await start(['--appendonly', 'yes'], startRedstart);
    await again('SET k v');
    await again('MULTI');
    await again('DEBUG LOADAOF');
    expect(await again('EXEC')).toContain('Error trying to load the AOF files');
    expect(await again('GET k')).toBe('"v"');
    expect(await again('DEBUG LOADAOF')).toBe('OK');
    const directory = join(server.dir, 'appendonlydir');
    const name = readdirSync(directory).find((each) => each.endsWith('.incr.aof'))!;
    const content = readFileSync(join(directory, name), 'latin1');
    writeFileSync(join(directory, name), content.replace('*3', '*x'), 'latin1');
    expect(await again('DEBUG LOADAOF')).toBe(NOT_RELOADED);
    expect(await again('PING')).toBe('PONG');
  });
});

describe('DEBUG POPULATE', () => {
  it('makes strings of a prefix and a size, but for keys that are there', async () => {
    // Redis makes strings of any length, or ends.
    const { ask } = await start([], startRedstart);
    await ask('SET foo:1 mine');
    expect(await ask('DEBUG POPULATE 3 foo 10')).toBe('OK');
    expect(await ask('DEBUG POPULATE 2')).toBe('OK');
    expect(await ask('DEBUG POPULATE 1 cut 3')).toBe('OK');
    expect(await ask('DBSIZE')).toBe('(integer) 6');
    expect(await ask('MGET foo:1 key:0 key:1 cut:0')).toBe('["mine", "value:0", "value:1", "val"]');
    expect(await ask('GETRANGE foo:2 0 6')).toBe('"value:2"');
    expect(await ask('STRLEN foo:2')).toBe('(integer) 10');
    for (const wrong of ['x', '-1', '2 p x']) {
      expect(await ask(`DEBUG POPULATE ${wrong}`)).toBe(
        '(error) ERR value is out of range, must be positive',
      );
    }
    expect(await ask('DEBUG POPULATE 1 long 99999999999')).toBe(
      '(error) ERR string exceeds maximum allowed size (proto-max-bulk-len)',
    );
    expect(await ask('DEBUG POPULATE 1 a 2 b')).toMatch(/^\(error\) ERR unknown subcommand/);
  });
});

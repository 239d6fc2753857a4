/**
 * Snapshots between processes: what Redstart saves it loads when it starts again, and so does
 * redis-server, and the reverse.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { randomValue, VALUE_KINDS } from '../support/random-values.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import {
  available,
  type RunningServer,
  redisAvailable,
  startRedis,
  startRedstart,
} from '../support/server.ts';

type Start = (flags: readonly string[]) => Promise<RunningServer>;

const KEYS = 48;
const DEBUG = ['--enable-debug-command', 'yes'];

describe('a snapshot', () => {
  const seed = chosenSeed();
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'redstart-snapshot-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test(`is loaded at the next start (SEED=${seed})`, async () => {
    const contents = await save(startRedstart, []);
    expect(await load(startRedstart, [])).toEqual(contents);
  });

  test.skipIf(!redisAvailable())(`goes to redis-server and back (SEED=${seed})`, async () => {
    const contents = await save(startRedstart, ['--rdb-version', '10']);
    expect(await load(startRedis, [])).toEqual(contents);
    expect(await save(startRedis, [], false)).toEqual(contents);
    expect(await load(startRedstart, [])).toEqual(contents);
  });

  test.skipIf(!available('redis-check-rdb'))('is whole for redis-check-rdb', async () => {
    await save(startRedstart, ['--rdb-version', '10']);
    const { status, stdout } = spawnSync('redis-check-rdb', [join(dir, 'dump.rdb')]);
    expect(String(stdout)).toContain('RDB looks OK');
    expect(status).toBe(0);
  });

  test.skipIf(!redisAvailable())(
    `that BGSAVE writes while keys change is that of its moment (SEED=${seed})`,
    async () => {
      const server = await startRedstart(['--dir', dir, ...DEBUG, '--rdb-version', '10']);
      const client = await RespClient.connect(server.port);
      await fill(client, new SeededRandom(seed));
      for (let i = 0; i < 20_000; i += 100) {
        const pairs = Array.from({ length: 100 }, (_, k) => [`many ${i + k}`, 'old']).flat();
        await client.call('MSET', ...pairs);
      }
      const contents = await contentsOf(client);
      await client.call('CONFIG', 'SET', 'rdb-key-save-delay', '20');
      await client.call('BGSAVE');
      let changes = 0;
      while (await isSaving(client)) {
        changes += 50;
        const first = changes * 7;
        const pairs = Array.from({ length: 50 }, (_, k) => [`many ${(first + k) % 20_000}`, 'new']);
        await client.call('MSET', ...pairs.flat());
        await client.call('DEL', `key ${changes % KEYS}`, `many ${changes % 19_997}`);
      }
      expect(changes).toBeGreaterThan(500);
      await client.close();
      await server.stop();
      expect(await load(startRedis, [])).toEqual(contents);
      expect(readdirSync(dir)).toEqual(['dump.rdb']);
    },
  );

  test('that is not complete at the end leaves no file', async () => {
    const server = await startRedstart(['--dir', dir]);
    const client = await RespClient.connect(server.port);
    await client.call('MSET', 'a', '1', 'b', '2');
    await client.call('CONFIG', 'SET', 'rdb-key-save-delay', '5000000');
    await client.call('BGSAVE');
    expect(readdirSync(dir)).toHaveLength(1);
    await client.call('SHUTDOWN', 'NOSAVE').catch(() => undefined);
    await server.stop();
    expect(readdirSync(dir)).toEqual([]);
  });

  test('is written at the end where there are points to save at', async () => {
    const server = await startRedstart(['--dir', dir, '--save', '3600', '1']);
    const client = await RespClient.connect(server.port);
    await client.call('SET', 'a', '1');
    await client.call('SHUTDOWN').catch(() => undefined);
    await server.stop();
    expect(await valueOfA(startRedstart)).toBe('1');
    // And by a signal as well.
    const again = await startRedstart(['--dir', dir, '--save', '3600', '1']);
    const other = await RespClient.connect(again.port);
    await other.call('SET', 'a', '2');
    expect(await again.stop()).toBe(0);
    expect(await valueOfA(startRedstart)).toBe('2');
  });

  test('is not written at the end where nobody asked for it', async () => {
    const server = await startRedstart(['--dir', dir]);
    const client = await RespClient.connect(server.port);
    await client.call('SET', 'a', '1');
    await client.call('SHUTDOWN', 'NOSAVE').catch(() => undefined);
    await server.stop();
    expect(existsSync(join(dir, 'dump.rdb'))).toBe(false);
  });

  test('that is damaged prevents the start, and stays as it is', async () => {
    await save(startRedstart, []);
    const path = join(dir, 'dump.rdb');
    const damaged = readFileSync(path);
    damaged[damaged.length >> 1]! ^= 0x10;
    writeFileSync(path, damaged);
    await expect(startRedstart(['--dir', dir])).rejects.toThrow(
      /dump.rdb cannot be loaded from byte/,
    );
    expect(readFileSync(path).equals(damaged)).toBe(true);
    expect(readdirSync(dir)).toEqual(['dump.rdb']);
  });

  test('that is none at all ends the start at once', async () => {
    writeFileSync(join(dir, 'dump.rdb'), 'something else');
    await expect(startRedstart(['--dir', dir])).rejects.toThrow(/ended with code 1 .*byte 0 on/s);
  });

  /** Fills a server, unless it has something, and saves; what it has. */
  async function save(start: Start, flags: readonly string[], fills = true): Promise<string[]> {
    const server = await start(['--dir', dir, ...DEBUG, ...flags]);
    const client = await RespClient.connect(server.port);
    if (fills) await fill(client, new SeededRandom(seed));
    const contents = await contentsOf(client);
    expect(await client.call('SAVE')).toEqual({ type: 'simple', text: 'OK' });
    await client.close();
    await server.stop();
    return contents;
  }

  async function load(start: Start, flags: readonly string[]): Promise<string[]> {
    const server = await start(['--dir', dir, ...DEBUG, ...flags]);
    const client = await RespClient.connect(server.port);
    const contents = await contentsOf(client);
    await client.close();
    await server.stop();
    return contents;
  }

  async function valueOfA(start: Start): Promise<string> {
    const server = await start(['--dir', dir]);
    const client = await RespClient.connect(server.port);
    const reply = await client.call('GET', 'a');
    await client.close();
    await server.stop();
    return reply.type === 'bulk' ? reply.bytes.toString() : reply.type;
  }
});

async function fill(client: RespClient, random: SeededRandom): Promise<void> {
  for (let i = 0; i < KEYS; i++) {
    await client.call('SELECT', i % 4 === 0 ? '5' : '0');
    const kind = VALUE_KINDS[i % VALUE_KINDS.length]!;
    for (const line of randomValue(random, kind, `key ${i}`)) {
      // The digests of scores with a fraction differ between 7.0 and 7.2.
      await client.call(...(kind === 'zset' ? line.map(wholeScore) : line));
    }
    if (random.fraction() < 0.3) await client.call('PEXPIREAT', `key ${i}`, '4102444800000');
  }
}

function wholeScore(word: string, i: number): string {
  const isScore = i > 1 && i % 2 === 0;
  return isScore && !/inf/.test(word) ? String(Math.trunc(Number(word) % 1e6) + 0) : word;
}

/** Number, name, time of expiry and digest of every key. */
async function contentsOf(client: RespClient): Promise<string[]> {
  const contents: string[] = [];
  for (const database of ['0', '5']) {
    await client.call('SELECT', database);
    contents.push(JSON.stringify(await client.call('DBSIZE'), bigIntText));
    for (let i = 0; i < KEYS; i++) {
      const key = `key ${i}`;
      const expiry = await client.call('PEXPIRETIME', key);
      const digest = await client.call('DEBUG', 'DIGEST-VALUE', key);
      contents.push(`${database} ${key} ${JSON.stringify([expiry, digest], bigIntText)}`);
    }
  }
  return contents;
}

function bigIntText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

async function isSaving(client: RespClient): Promise<boolean> {
  const reply = await client.call('INFO', 'persistence');
  if (reply.type !== 'bulk') throw new Error('INFO has failed');
  return reply.bytes.toString().includes('rdb_bgsave_in_progress:1');
}

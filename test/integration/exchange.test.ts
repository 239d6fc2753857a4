/**
 * Every type in every encoding, with expiry, consumer groups and functions, goes from one server to
 * the other and back, by snapshot, by append-only file and by RESTORE, and is compared key by key.
 *
 * Redis 7.0 has no listpack for lists and sets: it shows them with other encodings, and back in
 * Redstart they have their own again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { show } from '../support/engine.ts';
import { DATABASES, everyEncoding } from '../support/every-encoding.ts';
import { contentsOf, keysOf, type StreamDetails } from '../support/key-contents.ts';
import { RespClient } from '../support/resp-client.ts';
import {
  available,
  type RunningServer,
  redisAvailable,
  startRedis,
  startRedstart,
} from '../support/server.ts';

type Start = typeof startRedis;
/** What a server holds: of each key its database, name and contents, and the libraries. */
type Contents = Readonly<Record<string, string>>;

const KEYS_MIN = 100;
const WHOLE: StreamDetails = { seenTimes: true, deliveryTimes: true, entriesRead: true };
/** Increments do not say when a consumer was seen that got nothing. */
const REPLAYED: StreamDetails = { ...WHOLE, seenTimes: false };

const Redstart: Start = (flags = []) => startRedstart(['--rdb-version', '10', ...flags]);
const Redis: Start = startRedis;

describe.skipIf(!redisAvailable())('beside redis-server (skipped without one on the PATH)', () => {
  let dir = '';
  const running: RunningServer[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'redstart-exchange-'));
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test.each([
    ['Redstart', Redstart, Redis],
    ['redis-server', Redis, Redstart],
  ])('snapshots: from %s to the other and back', async (_, one, other) => {
    const first = await client(one, ['--dir', dir]);
    await fill(first);
    const original = await contents(first, WHOLE);
    await save(first);
    checkFile('redis-check-rdb', join(dir, 'dump.rdb'));
    const second = await client(other, ['--dir', dir]);
    expect(shared(await contents(second, WHOLE))).toEqual(shared(original));
    await save(second);
    const third = await client(one, ['--dir', dir]);
    expect(await contents(third, WHOLE)).toEqual(original);
  });

  test.each([
    ['Redstart', Redstart, Redis],
    ['redis-server', Redis, Redstart],
  ])('append-only files: from %s to the other and back', async (_, one, other) => {
    const appending = ['--dir', dir, '--appendonly', 'yes', '--aof-use-rdb-preamble', 'yes'];
    const first = await client(one, appending);
    await fill(first);
    // What Redis writes of groups is not all; of its rewritten file everything is asked.
    if (one === Redis) await rewrite(first);
    const original = await contents(first, REPLAYED);
    await end(first);
    checkFile('redis-check-aof', join(dir, 'appendonlydir', 'appendonly.aof.manifest'));
    const second = await client(other, appending);
    expect(shared(await contents(second, REPLAYED))).toEqual(shared(original));
    await rewrite(second);
    await end(second);
    checkFile('redis-check-aof', join(dir, 'appendonlydir', 'appendonly.aof.manifest'));
    const third = await client(one, appending);
    expect(await contents(third, REPLAYED)).toEqual(original);
  });

  test.each([
    ['Redstart', Redstart, Redis],
    ['redis-server', Redis, Redstart],
  ])('append-only files of commands: from %s to the other and back', async (_, one, other) => {
    const appending = ['--dir', dir, '--appendonly', 'yes', '--aof-use-rdb-preamble', 'no'];
    const first = await client(one, appending);
    await fill(first);
    await acknowledgeGone(first);
    const original = await contents(first, REPLAYED);
    await rewrite(first);
    await end(first);
    checkFile('redis-check-aof', join(dir, 'appendonlydir', 'appendonly.aof.manifest'));
    expect(baseOf(dir)).toMatch(/^[*]/);
    const second = await client(other, appending);
    expect(shared(await contents(second, REPLAYED))).toEqual(shared(original));
    await rewrite(second);
    await end(second);
    checkFile('redis-check-aof', join(dir, 'appendonlydir', 'appendonly.aof.manifest'));
    expect(baseOf(dir)).toMatch(/^[*]/);
    const third = await client(one, appending);
    expect(await contents(third, REPLAYED)).toEqual(original);
  });

  test.each([
    ['Redstart', Redstart, Redis],
    ['redis-server', Redis, Redstart],
  ])('what %s dumps the other restores, and the reverse', async (_, one, other) => {
    const first = await client(one, []);
    const second = await client(other, []);
    const third = await client(one, []);
    await fill(first);
    const original = await contents(first, WHOLE);
    await carryAll(first, second);
    expect(shared(await contents(second, WHOLE))).toEqual(shared(original));
    await carryAll(second, third);
    expect(await contents(third, WHOLE)).toEqual(original);
  });

  const servers = new Map<RespClient, RunningServer>();

  async function client(start: Start, flags: readonly string[]): Promise<RespClient> {
    const server = await start(flags);
    running.push(server);
    const connection = await RespClient.connect(server.port);
    servers.set(connection, server);
    return connection;
  }

  /** Ends the server of a client; its directory may be the one that the next begins with. */
  async function end(connection: RespClient): Promise<void> {
    await connection.close();
    await servers.get(connection)!.stop();
  }

  async function save(connection: RespClient): Promise<void> {
    expect(show(await connection.call('SAVE'))).toBe('OK');
    await end(connection);
  }
});

async function fill(client: RespClient): Promise<void> {
  for (const line of everyEncoding()) {
    const reply = await client.call(...line);
    if (reply.type === 'error') throw new Error(`${line.slice(0, 4).join(' ')}: ${reply.text}`);
  }
}

/** No command can say of a consumer that it has yet to acknowledge an entry that is gone. */
async function acknowledgeGone(client: RespClient): Promise<void> {
  for (const [database, key] of [
    ['0', 'stream of groups, due'],
    ['9', 'stream of groups'],
    ['0', 'stream of groups'],
  ] as const) {
    await client.call('SELECT', database);
    expect(show(await client.call('XACK', key, 'first', '1005-5'))).toBe('(integer) 1');
  }
}

async function rewrite(client: RespClient): Promise<void> {
  await client.call('BGREWRITEAOF');
  for (let info = ''; !info.includes('aof_rewrite_in_progress:0'); ) {
    info = show(await client.call('INFO', 'persistence'));
  }
  expect(show(await client.call('INFO', 'persistence'))).toContain('aof_last_bgrewrite_status:ok');
}

async function contents(client: RespClient, details: StreamDetails): Promise<Contents> {
  const found: Record<string, string> = {};
  for (const database of DATABASES) {
    await client.call('SELECT', database);
    const keys = await keysOf(client);
    const all = await contentsOf(client, keys, details);
    all.forEach(({ type, encoding, expiry, value }, i) => {
      found[`${database} ${keys[i]}`] = [type, encoding, expiry, value].join('\n');
    });
  }
  expect(Object.keys(found).length).toBeGreaterThan(KEYS_MIN);
  for (const library of ['one', 'two']) {
    const list = ['FUNCTION', 'LIST', 'LIBRARYNAME', library, 'WITHCODE'];
    found[`library ${library}`] = show(await client.call(...list));
    expect(show(await client.call('FCALL', `${library}_f`, '0'))).toBe(`"from ${library}"`);
  }
  return found;
}

/** Of lists and sets only that they are packed, or are not, where both servers say so. */
function shared(contents: Contents): Contents {
  const entries = Object.entries(contents).map(([key, text]) => {
    const [type, encoding, ...rest] = text.split('\n');
    const isOurs = type === 'list' || (type === 'set' && encoding !== '"intset"');
    return [key, [type, isOurs ? '' : encoding, ...rest].join('\n')];
  });
  return Object.fromEntries(entries);
}

async function carryAll(from: RespClient, to: RespClient): Promise<void> {
  for (const database of DATABASES) {
    for (const client of [from, to]) await client.call('SELECT', database);
    for (const key of await keysOf(from)) {
      const dumped = await from.call('DUMP', key);
      if (dumped.type !== 'bulk') throw new Error(`${dumped.type} in place of a payload`);
      const expiry = show(await from.call('PEXPIRETIME', key)).replace('(integer) ', '');
      const due = expiry === '-1' ? ['0'] : [expiry, 'ABSTTL'];
      const [at, ...flags] = due;
      expect(show(await to.call('RESTORE', key, at!, dumped.bytes, ...flags))).toBe('OK');
    }
  }
  const functions = await from.call('FUNCTION', 'DUMP');
  if (functions.type !== 'bulk') throw new Error(`${functions.type} in place of functions`);
  expect(show(await to.call('FUNCTION', 'RESTORE', functions.bytes))).toBe('OK');
}

/** The base of the append-only file in a directory, which is there once. */
function baseOf(dir: string): string {
  const directory = join(dir, 'appendonlydir');
  const bases = readdirSync(directory).filter((name) => name.endsWith('.base.aof'));
  expect(bases.length).toBe(1);
  return readFileSync(join(directory, bases[0]!), 'latin1');
}

/** Redis's own checker finds a file whole. */
function checkFile(program: string, path: string): void {
  expect(existsSync(path)).toBe(true);
  if (!available(program)) return;
  const { status, stdout } = spawnSync(program, [path]);
  expect(status, String(stdout)).toBe(0);
}

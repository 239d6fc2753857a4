import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { show } from '../support/engine.ts';
import { randomValue, VALUE_KINDS } from '../support/random-values.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import {
  type RunningServer,
  redisAvailable,
  startRedis,
  startRedstart,
} from '../support/server.ts';

const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];
const KEYS = 60;
const HAS_REDIS = redisAvailable();

/** Commands whose effect both write the same way; `@name` is a client that waits. */
const SCRIPT = `
SET a 1|SET a 1 EX 100|SET a 2 PX 100000 GET|SET a 3 GET|SET a 3 KEEPTTL GET|SET n 1 NX|SET n 1 NX
SETEX b 100 v|PSETEX b 100000 v|SETNX b v|GETSET b w|GETDEL b|GETDEL b|SET g v|GETEX g EX 100
GETEX g PERSIST|GETEX g PERSIST|GETEX g EXAT 1|EXPIRE a 100|EXPIREAT a 99999999999|PERSIST a|EXPIRE a -1
INCR i|INCRBYFLOAT i 1.5|HINCRBYFLOAT h f 1.25|HSET h a 1 b 2|HSETNX h a 5|MSET x 1 y 2|MSETNX x 1 zz 2
RPUSH l 1 2 3 4 5 6|LPOP l|RPOP l 2|LMPOP 2 nolist l LEFT COUNT 2|RPUSH l 1 2 3|BLPOP nolist l 1|BRPOP l 1
BLMPOP 1 1 l LEFT COUNT 5|RPUSH l 1 2 3|LMOVE l l2 LEFT RIGHT|BLMOVE l l2 LEFT RIGHT 1|BRPOPLPUSH l l2 1
@w BLPOP wl 0|RPUSH wl a b|@w BRPOPLPUSH wl4 wl3 0|RPUSH wl4 q|@w BLMPOP 0 2 wx wy RIGHT COUNT 2
MULTI|RPUSH wy 1|RPUSH wy 2|EXEC|@w BZPOPMIN wz 0|ZADD wz 1 a 2 b|@w BZMPOP 0 1 wz2 MAX COUNT 4
ZADD wz2 1 a 2 b|SADD st 1|SPOP st|SADD st a|SPOP st 5|SADD st a b c|SMOVE st st2 b|SUNIONSTORE su st st2
ZADD z 1 a 2 b 3 c 4 d|ZINCRBY z 1.5 a|ZADD z INCR 2 b|ZPOPMAX z 2|ZMPOP 2 noz z MIN COUNT 2
ZADD z 1 a 2 b 3 c|BZPOPMAX z 1|PFADD hll a b c|PFCOUNT hll|RENAME x x2|COPY x2 x3 DB 3 REPLACE|MOVE x2 5
SELECT 5|SET in5 1|SELECT 0|SET back 1|SWAPDB 0 1|SWAPDB 0 1|DEL x3 nope|UNLINK y
MULTI|SET t 1|GET t|INCR t|EXEC|MULTI|SET t 1|EXEC|MULTI|GET t|EXEC|XADD xs * f v|XADD xs 9999999999999-* f v
XADD xs MAXLEN ~ 1 * f v|XTRIM xs MAXLEN ~ 0|XADD xg 1-1 f v|XGROUP CREATE xg grp 0
EVAL redis.call('set','sc','1');redis.call('incr','sc') 0|EVAL redis.call('incr','sc') 0
EVAL redis.set_repl(redis.REPL_NONE);redis.call('set','no','1');redis.set_repl(redis.REPL_ALL);redis.call('set','yes','1') 0
EVAL redis.set_repl(redis.REPL_REPLICA);redis.call('spop','st2');return{redis.call('set','no','2')} 0|SET no 3
XGROUP CREATECONSUMER xg grp c0|XACK xg grp 1-1|XDEL xg 1-1|XSETID xg 10-0|XGROUP DESTROY xg grp|FLUSHDB
`;

const running: RunningServer[] = [];
afterAll(async () => {
  for (const server of running) await server.stop();
});

async function started(start: Promise<RunningServer>): Promise<RunningServer> {
  const server = await start;
  running.push(server);
  return server;
}

/** The commands of the increments in a directory, times and ids left out. */
function written(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => name.endsWith('.incr.aof'));
  const bytes = Buffer.concat(names.sort().map((name) => readFileSync(join(dir, name))));
  const commands: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const line = (): string => {
      const end = bytes.indexOf('\r\n', at);
      const text = bytes.toString('latin1', at + 1, end);
      at = end + 2;
      return text;
    };
    const words: string[] = [];
    for (let left = Number(line()); left > 0; left--) {
      const length = Number(line());
      words.push(bytes.toString('latin1', at, at + length));
      at += length + 2;
    }
    commands.push(words.join(' ').replace(/\b1\d{12}(-\d+)?\b/g, 'TIME'));
  }
  return commands;
}

async function runScript(server: RunningServer): Promise<string[]> {
  const clients = new Map<string, RespClient>();
  for (const line of SCRIPT.trim().split(/[|\n]/)) {
    const [, name = '', command = ''] = /^(@\w+ )?(.*)$/.exec(line)!;
    const client = clients.get(name) ?? (await RespClient.connect(server.port));
    clients.set(name, client);
    client.send(command.split(' '));
    // Who waits is answered by what the others do.
    if (name === '') await client.read();
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const client of clients.values()) await client.close();
  return written(join(server.dir, 'appendonlydir'));
}

const READERS: Readonly<Record<string, readonly string[]>> = {
  string: ['GET', ''],
  list: ['LRANGE', '', '0', '-1'],
  hash: ['HGETALL', ''],
  set: ['SMEMBERS', ''],
  zset: ['ZRANGE', '', '0', '-1', 'WITHSCORES'],
  stream: ['XRANGE', '', '-', '+'],
};

/** All keys with what they hold and when they expire; members in an order of their own. */
async function contents({ port }: RunningServer): Promise<string[]> {
  const client = await RespClient.connect(port);
  const found: string[] = [];
  for (let i = 0; i < KEYS; i++) {
    const key = `key ${i}`;
    const type = show(await client.call('TYPE', key));
    const reader = READERS[type];
    if (reader === undefined) throw new Error(`${key} is a ${type}`);
    const held = show(await client.call(...reader.map((word) => word || key)));
    found.push(`${type} ${show(await client.call('PEXPIRETIME', key))} ${comparable(type, held)}`);
  }
  await client.close();
  return found;
}

/** What two servers may show in another order, or with other digits, as one text. */
function comparable(type: string, held: string): string {
  const words = held.slice(2, -2).split('", "');
  if (type === 'hash' || type === 'set') return words.sort().join(', ');
  if (type !== 'zset') return held;
  return words.map((word, i) => (i % 2 === 1 ? String(Number(word)) : word)).join(', ');
}

/** Fills a server with values of all types, and has its file written anew in between. */
async function fill({ port }: RunningServer, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const client = await RespClient.connect(port);
  for (let i = 0; i < KEYS; i++) {
    const lines = randomValue(random, random.pick(VALUE_KINDS), `key ${i}`);
    for (const line of lines) await client.call(...line);
    if (random.fraction() < 0.3) await client.call('EXPIRE', `key ${i}`, '100000');
    if (i === KEYS / 2) await client.call('BGREWRITEAOF');
  }
  for (let info = ''; !info.includes('aof_rewrite_in_progress:0'); ) {
    info = show(await client.call('INFO', 'persistence'));
  }
  await client.close();
}

describe.skipIf(!HAS_REDIS)('beside redis-server', () => {
  test('the same commands are written for the same commands', async () => {
    const ours = await started(startRedstart(AOF));
    const theirs = await started(startRedis(AOF));
    expect(await runScript(ours)).toEqual(await runScript(theirs));
  });

  const seed = chosenSeed();
  const directions = [
    ['Redstart', 'redis-server', startRedstart, startRedis],
    ['redis-server', 'Redstart', startRedis, startRedstart],
  ] as const;
  test.each(directions)(
    `what %s has written %s loads (SEED=${seed})`,
    async (_from, _to, startFrom, startTo) => {
      const flags = startFrom === startRedstart ? ['--rdb-version', '10'] : [];
      const from = await started(startFrom([...AOF, ...flags]));
      await fill(from, seed);
      const dir = mkdtempSync(join(tmpdir(), 'redstart-aof-'));
      try {
        cpSync(join(from.dir, 'appendonlydir'), join(dir, 'appendonlydir'), { recursive: true });
        const to = await started(startTo([...AOF, '--dir', dir]));
        expect(await contents(to)).toEqual(await contents(from));
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
    60_000,
  );
});

describe('libraries of functions', () => {
  const CODE = `#!lua name=counting
    redis.register_function('twice', function(keys, args) return args[1] * 2 end)`;

  test.each([
    ['the base of the append-only file', AOF, ['BGREWRITEAOF']],
    ['an increment', AOF, ['PING']],
    ['a snapshot', ['--save', '3600 1000000'], ['BGSAVE']],
  ])('come back from %s', async (_from, flags, command) => {
    const dir = mkdtempSync(join(tmpdir(), 'redstart-functions-'));
    try {
      const first = await startRedstart([...flags, '--dir', dir]);
      const client = await RespClient.connect(first.port);
      await client.call('FUNCTION', 'LOAD', CODE);
      await client.call(...command);
      await settled(client);
      await client.close();
      await first.stop();
      const second = await startRedstart([...flags, '--dir', dir]);
      const reader = await RespClient.connect(second.port);
      expect(show(await reader.call('FCALL', 'twice', '0', '21'))).toBe('(integer) 42');
      expect(show(await reader.call('FUNCTION', 'LIST'))).toContain('counting');
      const info = show(await reader.call('INFO', 'persistence'));
      expect(info).toMatch(/rdb_changes_since_last_save:0/);
      // What was loaded is written again, though nobody has sent it to this server.
      await reader.call(...command);
      await settled(reader);
      await reader.close();
      await second.stop();
      const third = await startRedstart([...flags, '--dir', dir]);
      const last = await RespClient.connect(third.port);
      expect(show(await last.call('FCALL', 'twice', '0', '4'))).toBe('(integer) 8');
      await last.close();
      await third.stop();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

/** Waits until nothing is saved or written anew. */
async function settled(client: RespClient): Promise<void> {
  for (let info = ''; !/rdb_bgsave_in_progress:0.*aof_rewrite_in_progress:0/s.test(info); ) {
    info = show(await client.call('INFO', 'persistence'));
  }
}

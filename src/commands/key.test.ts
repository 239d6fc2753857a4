import { beforeEach, describe, expect, it } from 'vitest';
import { START_MS, TestEngine } from '../../test/support/engine.ts';

let engine: TestEngine;

beforeEach(() => {
  engine = new TestEngine();
});

/** Runs commands given as words and answers the last one. */
function run(...lines: readonly string[]): string {
  let reply = '';
  for (const line of lines) reply = engine.text(...line.split(' '));
  return reply;
}

/** What changes a command brings about. */
function changesOf(line: string): string[] {
  const changes = engine.watchChanges();
  run(line);
  engine.keyspace.listener = null;
  return changes;
}

describe('Removing keys', () => {
  it('counts each key once and tells of it', () => {
    run('MSET a 1 b 2 c 3');
    expect(changesOf('DEL a a missing b')).toEqual(['del a', 'del b']);
    expect(changesOf('UNLINK c')).toEqual(['del c']);
    expect(run('DBSIZE')).toBe('(integer) 0');
  });

  it('does not count a key that is due', () => {
    run('SET k v PX 5');
    engine.sleep(5);
    expect(changesOf('DEL k')).toEqual(['expired k']);
    expect(run('DEL k')).toBe('(integer) 0');
  });

  it('adds what a flush removes to the changes since the last save', () => {
    run('MSET a 1 b 2', 'MOVE b 3');
    engine.keyspace.dirty = 0;
    expect(changesOf('FLUSHDB')).toEqual(['flushed 0']);
    expect(engine.keyspace.dirty).toBe(1);
    expect(changesOf('FLUSHALL sync')).toHaveLength(16);
    expect(engine.keyspace.dirty).toBe(2);
    expect(run('FLUSHALL SYNC ASYNC')).toBe('(error) ERR syntax error');
  });
});

describe('EXPIRE', () => {
  it('gives an option that there is not back byte for byte, up to 128 of them', () => {
    run('SET k v');
    expect(run('EXPIRE k 10 NX \xff\xe9!')).toBe('(error) ERR Unsupported option \xff\xe9!');
    expect(run(`EXPIRE k 10 ${'o'.repeat(500)}`)).toBe(
      `(error) ERR Unsupported option ${'o'.repeat(128)}`,
    );
  });
});

describe('Asking for keys', () => {
  it('counts hits and misses and tells of misses', () => {
    run('SET k v');
    const { keyspace } = engine;
    expect(changesOf('EXISTS k missing')).toEqual(['keymiss missing']);
    expect(changesOf('TYPE missing')).toEqual(['keymiss missing']);
    expect(changesOf('TTL missing')).toEqual(['keymiss missing']);
    expect(changesOf('OBJECT ENCODING missing')).toEqual([]);
    expect([keyspace.hits, keyspace.misses]).toEqual([1, 4]);
    run('OBJECT IDLETIME k', 'OBJECT REFCOUNT k', 'OBJECT FREQ missing', 'MEMORY USAGE missing');
    expect([keyspace.hits, keyspace.misses]).toEqual([3, 5]);
  });

  it.each([
    ['EXISTS k', 7],
    ['TYPE k', 7],
    ['TTL k', 7],
    ['PEXPIRETIME k', 7],
    ['OBJECT ENCODING k', 7],
    ['OBJECT REFCOUNT k', 7],
    ['MEMORY USAGE k', 7],
    ['SCAN 0', 7],
    ['TOUCH k', 0],
    ['GET k', 0],
    ['EXPIRE k 100', 0],
    ['PERSIST k', 0],
  ])('%s leaves an idle time of %i seconds', (line, seconds) => {
    run('SET k v');
    engine.sleep(7_000);
    run(line);
    expect(run('OBJECT IDLETIME k')).toBe(`(integer) ${seconds}`);
  });

  it('tells how often a key is used only under a policy that counts it', () => {
    run('SET k v');
    expect(run('OBJECT FREQ k')).toMatch(
      /^\(error\) ERR An LFU maxmemory policy is not selected, /,
    );
    expect(run('OBJECT FREQ missing')).toBe('(nil)');
    engine.keyspace.access.counting = true;
    run('SET k v');
    expect(run('OBJECT FREQ k')).toMatch(/^\(integer\) \d+$/);
    expect(run('OBJECT IDLETIME k')).toMatch(
      /^\(error\) ERR An LFU maxmemory policy is selected, /,
    );
    expect(run('OBJECT IDLETIME missing')).toBe('(nil)');
  });

  it('tells what a key takes, and more for more', () => {
    run('SET k v', 'SET expiring v EX 100');
    engine.run('SET', 'long', 'x'.repeat(10_000));
    const bytes = (key: string) => Number(run(`MEMORY USAGE ${key}`).split(' ')[1]);
    expect(bytes('k')).toBe(16);
    expect(bytes('expiring')).toBeGreaterThanOrEqual(bytes('k') + 16);
    expect(bytes('long')).toBeGreaterThan(10_000);
    expect(bytes('long')).toBeLessThan(13_000);
    expect(run('MEMORY USAGE missing')).toBe('(nil)');
    expect(run('MEMORY USAGE k SAMPLES 0')).toBe('(integer) 16');
    expect(run('MEMORY USAGE k SAMPLES')).toBe('(error) ERR syntax error');
    expect(run('MEMORY USAGE k SAMPLES -1')).toBe('(error) ERR syntax error');
    expect(run('MEMORY USAGE missing SAMPLES x')).toMatch(/not an integer/);
  });

  it('tells what a key takes from as many samples as it is asked to', () => {
    run('SET k v');
    const { keyspace } = engine;
    const asked: (number | undefined)[] = [];
    const usageBytes = keyspace.usageBytes;
    keyspace.usageBytes = (entry, samples) => {
      asked.push(samples);
      return usageBytes.call(keyspace, entry, samples);
    };
    run('MEMORY USAGE k', 'MEMORY USAGE k SAMPLES 0', 'MEMORY USAGE k SAMPLES 2 SAMPLES 70');
    expect(asked).toEqual([5, 0, 70]);
  });
});

describe('Expiry', () => {
  it('tells of a time that is set and of one that is over', () => {
    run('SET k v');
    expect(changesOf('EXPIRE k 10')).toEqual(['expire k']);
    expect(changesOf('EXPIRE k 20 NX')).toEqual([]);
    expect(changesOf('PERSIST k')).toEqual(['persist k']);
    expect(changesOf('PERSIST k')).toEqual([]);
    expect(changesOf('EXPIRE k 0')).toEqual(['del k']);
    expect(changesOf('EXPIRE k 10')).toEqual([]);
  });

  it('happens in the millisecond that was set', () => {
    run('SET k v', `PEXPIREAT k ${START_MS + 10}`);
    engine.sleep(9);
    expect(run('PTTL k')).toBe('(integer) 1');
    engine.sleep(1);
    expect(run('PTTL k')).toBe('(integer) -2');
    expect(run('SET k v', `PEXPIREAT k ${START_MS + 10}`)).toBe('(integer) 1');
    expect(run('DBSIZE')).toBe('(integer) 0');
  });

  it.each([
    ['499', '0'],
    ['500', '1'],
    ['1499', '1'],
    ['1500', '2'],
  ])('of %s ms is %s seconds away', (milliseconds, seconds) => {
    expect(run('SET k v', `PEXPIRE k ${milliseconds}`, 'TTL k')).toBe(`(integer) ${seconds}`);
  });

  const now = BigInt(START_MS);
  const int64Max = 2n ** 63n - 1n;

  it.each([
    ['PEXPIREAT', 2n ** 48n - 1n, 2n ** 48n - 1n],
    ['PEXPIREAT', 2n ** 48n, 2n ** 48n],
    ['PEXPIREAT', 2n ** 53n - 1n, 2n ** 53n - 1n],
    ['PEXPIREAT', 2n ** 53n + 1n, 2n ** 53n + 1n],
    ['PEXPIREAT', int64Max, int64Max],
    ['PEXPIRE', 2n ** 53n - 1n, 2n ** 53n - 1n + now],
    ['PEXPIRE', int64Max - now, int64Max],
    ['EXPIREAT', int64Max / 1000n, (int64Max / 1000n) * 1000n],
    ['EXPIREAT', 2n ** 53n - 1n, (2n ** 53n - 1n) * 1000n],
    ['EXPIRE', (int64Max - now) / 1000n, ((int64Max - now) / 1000n) * 1000n + now],
  ])('%s keeps %s to the millisecond', (command, time, dueMs) => {
    expect(run('SET k v', `${command} k ${time}`)).toBe('(integer) 1');
    expect(run('PEXPIRETIME k')).toBe(`(integer) ${dueMs}`);
    expect(run('PTTL k')).toBe(`(integer) ${dueMs - now}`);
    expect(run('EXPIRETIME k')).toBe(`(integer) ${(dueMs + 500n) / 1000n}`);
    expect(run('TTL k')).toBe(`(integer) ${(dueMs - now + 500n) / 1000n}`);
    expect(run('RENAME k renamed', 'COPY renamed copy', 'PEXPIRETIME copy')).toBe(
      `(integer) ${dueMs}`,
    );
    expect(run(`PEXPIREAT copy ${dueMs} GT`)).toBe('(integer) 0');
    expect(run(`PEXPIREAT copy ${dueMs - 1n} GT`)).toBe('(integer) 0');
    expect(run(`PEXPIREAT copy ${dueMs - 1n} LT`)).toBe('(integer) 1');
  });

  it.each([
    ['PEXPIRE', int64Max - now + 1n, 'pexpire'],
    ['PEXPIRE', int64Max, 'pexpire'],
    ['EXPIRE', (int64Max - now) / 1000n + 1n, 'expire'],
    ['EXPIRE', int64Max / 1000n + 1n, 'expire'],
    ['EXPIRE', -int64Max / 1000n - 1n, 'expire'],
    ['EXPIREAT', int64Max / 1000n + 1n, 'expireat'],
    ['EXPIREAT', -int64Max / 1000n - 1n, 'expireat'],
  ])('%s refuses %s', (command, time, name) => {
    expect(run('SET k v', `${command} k ${time}`)).toBe(
      `(error) ERR invalid expire time in '${name}' command`,
    );
    expect(run('TTL k')).toBe('(integer) -1');
  });

  it.each([
    ['PEXPIRE', -(2n ** 63n)],
    ['PEXPIREAT', -(2n ** 63n)],
    ['EXPIRE', -(2n ** 63n) / 1000n],
  ])('%s takes %s for a time that is over', (command, time) => {
    expect(run('SET k v', `${command} k ${time}`)).toBe('(integer) 1');
    expect(run('EXISTS k')).toBe('(integer) 0');
  });
});

describe('Keys under another name', () => {
  it('tells of both names, and of the one change', () => {
    run('MSET a 1 b 2');
    engine.keyspace.dirty = 0;
    expect(changesOf('RENAME a b')).toEqual(['new b', 'rename_from a', 'rename_to b']);
    expect(engine.keyspace.dirty).toBe(1);
    expect(changesOf('RENAMENX b c')).toEqual(['new c', 'rename_from b', 'rename_to c']);
    expect(changesOf('RENAME c c')).toEqual([]);
    expect(run('GET c')).toBe('"1"');
  });

  it('keep the clock of their use when renamed, and start it when copied', () => {
    run('SET a 1', 'SET b 2');
    engine.keyspace.touching = false;
    engine.sleep(60_000);
    run('RENAME a c', 'COPY b d');
    engine.keyspace.touching = true;
    expect(run('OBJECT IDLETIME c')).toBe('(integer) 60');
    expect(run('OBJECT IDLETIME d')).toBe('(integer) 0');
  });

  it('tells of a copy in the database that gets it', () => {
    run('SET a 1');
    expect(changesOf('COPY a b DB 4')).toEqual(['new b', 'copy_to b']);
    expect(changesOf('COPY a b DB 4')).toEqual([]);
    expect(changesOf('COPY a b REPLACE DB 4')).toEqual(['new b', 'copy_to b']);
    expect(engine.keyspace.databases.map((database) => database.size()).slice(0, 5)).toEqual([
      1, 0, 0, 0, 1,
    ]);
  });

  it('tells of a move in both databases', () => {
    run('SET a 1 EX 100');
    engine.keyspace.dirty = 0;
    expect(changesOf('MOVE a 2')).toEqual(['new a', 'move_from a', 'move_to a']);
    expect(engine.keyspace.dirty).toBe(1);
    expect(run('EXISTS a')).toBe('(integer) 0');
    run('SWAPDB 2 0');
    expect(run('PTTL a')).toBe('(integer) 100000');
    expect(engine.keyspace.databases[2]!.expiringSize()).toBe(0);
    expect(engine.keyspace.databases[0]!.expiringSize()).toBe(1);
  });

  it('tells of databases that are swapped, even with themselves', () => {
    expect(changesOf('SWAPDB 1 2')).toEqual(['swapped 1 2']);
    expect(changesOf('SWAPDB 1 1')).toEqual(['swapped 1 1']);
  });
});

describe('Going through keys', () => {
  it('never shows a key that is due', () => {
    run('SET due v PX 5', 'SET k v');
    engine.sleep(5);
    expect(run('KEYS *')).toBe('["k"]');
    expect(run('DBSIZE')).toBe('(integer) 2');
    expect(run('SCAN 0 COUNT 100')).toBe('["0", ["k"]]');
    expect(run('DBSIZE')).toBe('(integer) 1');
    expect(run('RANDOMKEY')).toBe('"k"');
  });

  it('ends for a cursor behind the end', () => {
    run('SET k v');
    for (const cursor of [2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(run(`SCAN ${cursor}`)).toBe('["0", []]');
    }
    expect(run(`SCAN ${2n ** 64n}`)).toBe('(error) ERR invalid cursor');
  });

  it('gives a few keys a call', () => {
    for (let i = 0; i < 1_000; i++) run(`SET k${i} v`);
    const found = new Set<string>();
    let cursor = '0';
    let calls = 0;
    do {
      const [next, keys] = JSON.parse(run(`SCAN ${cursor} COUNT 20`)) as [string, string[]];
      expect(keys.length).toBeLessThan(60);
      for (const key of keys) found.add(key);
      cursor = next;
      calls++;
    } while (cursor !== '0');
    expect(found.size).toBe(1_000);
    expect(calls).toBeLessThanOrEqual(50);
  });
});

describe('HELP', () => {
  it.each(['OBJECT', 'MEMORY'])('of %s lists the subcommands', (container) => {
    const help = run(`${container} HELP`);
    expect(help).toMatch(new RegExp(`^\\[${container} <subcommand> `));
    expect(help).toContain('HELP');
    expect(run(`${container} NOSUCH`)).toBe(
      `(error) ERR unknown subcommand 'NOSUCH'. Try ${container} HELP.`,
    );
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { START_MS, TestEngine } from '../../test/support/engine.ts';
import { NO_EXPIRY } from '../keyspace/database.ts';
import { TYPE_LIST } from '../keyspace/entry.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { STRING_EMBSTR, STRING_INT, STRING_RAW } from '../values/string.ts';

let engine: TestEngine;
let changes: string[];

beforeEach(() => {
  engine = new TestEngine();
  changes = engine.watchChanges();
});

/** Runs commands, written as words between blanks, and answers their replies. */
function run(...lines: string[]): string[] {
  return lines.map((line) => engine.text(...line.split(' ')));
}

/** What a command answers, and the changes it reports. */
function effect(line: string): [reply: string, ...changes: string[]] {
  changes.length = 0;
  const [reply] = run(line);
  return [reply!, ...changes];
}

/** Time at which a key falls due, or -1. */
function dueMs(key: string): number {
  const database = engine.keyspace.databases[0]!;
  return Number(database.expiryMs(database.find(Args.of(Buffer.from(key)), 0)));
}

function encoding(key: string): number {
  const database = engine.keyspace.databases[0]!;
  return database.entries.encoding(database.find(Args.of(Buffer.from(key)), 0));
}

describe('SET', () => {
  it('replaces value, encoding and expiry', () => {
    run('SET k 12', 'SET k text EX 100');
    expect([dueMs('k'), encoding('k')]).toEqual([START_MS + 100_000, STRING_EMBSTR]);
    run(`SET k ${'x'.repeat(45)}`);
    expect([dueMs('k'), encoding('k')]).toEqual([-1, STRING_RAW]);
    run('SET k -5');
    expect(encoding('k')).toBe(STRING_INT);
  });

  it('reports what it changes', () => {
    expect(effect('SET k 1')).toEqual(['OK', 'new k', 'set k']);
    expect(effect('SET k 2')).toEqual(['OK', 'set k']);
    expect(effect('SET k 3 EX 10')).toEqual(['OK', 'set k', 'expire k']);
    expect(effect('SET k 4 KEEPTTL')).toEqual(['OK', 'set k']);
    expect(effect('SET k 5 NX')).toEqual(['(nil)']);
    expect(effect('SET k 5 NX GET')).toEqual(['"4"']);
    expect(effect('SET missing 5 XX')).toEqual(['(nil)']);
    expect(effect('SET missing 5 XX GET')).toEqual(['(nil)', 'keymiss missing']);
  });

  it('counts an expiry and a value as one change', () => {
    const before = engine.keyspace.dirty;
    run('SET k v EX 10', 'SETEX k 10 v', 'MSET a 1 b 2', 'GETEX k EX 5', 'GETEX k', 'GET k');
    expect(engine.keyspace.dirty - before).toBe(5);
  });

  it('takes times that have passed, and far ones exactly', () => {
    expect(run('SET k v PXAT 1', 'GET k')).toEqual(['OK', '(nil)']);
    expect(changes).toEqual(['new k', 'set k', 'expire k', 'expired k', 'keymiss k']);
    run('SET k v PXAT 9223372036854775807');
    const database = engine.keyspace.databases[0]!;
    const entry = database.find(Args.of(Buffer.from('k')), 0);
    expect(database.expiryMs(entry)).toBe(9223372036854775807n);
    run('SET k v EXAT 9223372036854775');
    expect(database.expiryMs(database.find(Args.of(Buffer.from('k')), 0))).toBe(
      9223372036854775000n,
    );
    expect(run('SET k w EXAT 9223372036854776', 'GET k')).toEqual([
      "(error) ERR invalid expire time in 'set' command",
      '"v"',
    ]);
  });

  it('keeps an expiry only when told so', () => {
    run('SET k v PX 50', 'SET k w KEEPTTL');
    engine.sleep(49);
    expect(run('GET k')).toEqual(['"w"']);
    engine.sleep(1);
    expect(run('GET k')).toEqual(['(nil)']);
  });

  it('changes nothing when its options are wrong', () => {
    run('SET k v');
    const refused = ['SET k w NX XX', 'SET k w EX', 'SET k w EX x', 'SET k w PX 0', 'SET k w GOT'];
    for (const line of refused) expect(effect(line)).toEqual([expect.stringMatching(/^\(error\)/)]);
    expect(run('GET k')).toEqual(['"v"']);
  });
});

describe('GETEX and GETDEL', () => {
  it('report what they change', () => {
    run('SET k v');
    expect(effect('GETEX k')).toEqual(['"v"']);
    expect(effect('GETEX k PERSIST')).toEqual(['"v"']);
    expect(effect('GETEX k PX 100')).toEqual(['"v"', 'expire k']);
    expect(dueMs('k')).toBe(START_MS + 100);
    expect(effect('GETEX k PERSIST')).toEqual(['"v"', 'persist k']);
    expect(dueMs('k')).toBe(-1);
    expect(effect(`GETEX k PXAT ${START_MS}`)).toEqual(['"v"', 'del k']);
    expect(effect('GETEX k')).toEqual(['(nil)', 'keymiss k']);
    run('SET k v');
    expect(effect('GETDEL k')).toEqual(['"v"', 'del k']);
    expect(effect('GETDEL k')).toEqual(['(nil)', 'keymiss k']);
  });

  it('ask for the time only when the key exists', () => {
    expect(run('GETEX k EX x', 'SET k v', 'GETEX k EX x')).toEqual([
      '(nil)',
      'OK',
      '(error) ERR value is not an integer or out of range',
    ]);
  });
});

describe('SETNX, SETEX, PSETEX, GETSET', () => {
  it('report what they change', () => {
    expect(effect('SETNX k 1')).toEqual(['(integer) 1', 'new k', 'set k']);
    expect(effect('SETNX k 2')).toEqual(['(integer) 0']);
    expect(effect('SETEX k 10 v')).toEqual(['OK', 'set k', 'expire k']);
    expect(dueMs('k')).toBe(START_MS + 10_000);
    expect(effect('PSETEX k 10 v')).toEqual(['OK', 'set k', 'expire k']);
    expect(dueMs('k')).toBe(START_MS + 10);
    expect(effect('GETSET k w')).toEqual(['"v"', 'set k']);
    expect(dueMs('k')).toBe(-1);
    expect(effect('GETSET fresh w')).toEqual(['(nil)', 'keymiss fresh', 'new fresh', 'set fresh']);
  });
});

describe('MGET, MSET, MSETNX', () => {
  it('set all or nothing', () => {
    expect(run('MSET a 1 b 2 a 3', 'MGET a b c')).toEqual(['OK', '["3", "2", (nil)]']);
    expect(effect('MSETNX c 1 a 2')).toEqual(['(integer) 0']);
    expect(effect('MSETNX c 1 d 2')).toEqual(['(integer) 1', 'new c', 'set c', 'new d', 'set d']);
    expect(effect('MSET a 1 b')).toEqual([
      "(error) ERR wrong number of arguments for 'mset' command",
    ]);
  });

  it('set more keys than one table chunk holds', () => {
    const pairs = Array.from({ length: 2_000 }, (_, i) => [`key:${i}`, `value:${i}`]);
    expect(engine.text('MSET', ...pairs.flat())).toBe('OK');
    const replies = engine.run('MGET', ...pairs.map(([key]) => key!));
    expect(replies).toEqual({
      type: 'array',
      items: pairs.map(([, value]) => ({ type: 'bulk', bytes: Buffer.from(value!) })),
    });
  });
});

describe('INCR and its like', () => {
  it('keep the expiry, and report', () => {
    expect(effect('INCR n')).toEqual(['(integer) 1', 'new n', 'incrby n']);
    run('SET n 9 PX 100');
    expect(effect('INCR n')).toEqual(['(integer) 10', 'incrby n']);
    expect(effect('DECRBY n 15')).toEqual(['(integer) -5', 'incrby n']);
    expect(effect('INCRBYFLOAT n 0.5')).toEqual(['"-4.5"', 'incrbyfloat n']);
    expect(dueMs('n')).toBe(START_MS + 100);
  });

  it('cross from doubles to 64 bits and back', () => {
    const steps: [string, bigint][] = [
      ['SET n 9007199254740990', 9007199254740990n],
      ['INCR n', 9007199254740991n],
      ['INCR n', 9007199254740992n],
      ['INCR n', 9007199254740993n],
      ['INCRBY n -3', 9007199254740990n],
      ['INCRBY n 9214364837600034817', 9223372036854775807n],
      ['DECRBY n 9223372036854775807', 0n],
      ['DECRBY n 9223372036854775807', -9223372036854775807n],
      ['DECR n', -9223372036854775808n],
    ];
    for (const [line, value] of steps) {
      run(line);
      expect(run('GET n')).toEqual([`"${value}"`]);
      expect(encoding('n')).toBe(STRING_INT);
    }
    expect(effect('DECR n')).toEqual(['(error) ERR increment or decrement would overflow']);
    expect(effect('DECRBY n -9223372036854775808')).toEqual([
      '(error) ERR decrement would overflow',
    ]);
  });

  it('make an integer of raw text that reads as one', () => {
    run('APPEND n 1', 'APPEND n 2');
    expect(encoding('n')).toBe(STRING_RAW);
    expect(run('INCR n')).toEqual(['(integer) 13']);
    expect(encoding('n')).toBe(STRING_INT);
    run('INCRBYFLOAT n 1');
    expect(encoding('n')).toBe(STRING_EMBSTR);
  });

  it('change nothing when they fail', () => {
    run('SET k text', 'SET n 1');
    for (const line of ['INCR k', 'INCRBY n x', 'DECRBY n 1.5', 'INCRBYFLOAT n inf']) {
      expect(effect(line)).toEqual([expect.stringMatching(/^\(error\)/)]);
    }
    expect(run('MGET k n')).toEqual(['["text", "1"]']);
  });
});

describe('APPEND and SETRANGE', () => {
  it('report what they change', () => {
    expect(effect('APPEND k 12')).toEqual(['(integer) 2', 'new k', 'append k']);
    expect(encoding('k')).toBe(STRING_INT);
    expect(effect('APPEND k ')).toEqual(['(integer) 2', 'append k']);
    expect(encoding('k')).toBe(STRING_RAW);
    expect(effect('SETRANGE k 1 34')).toEqual(['(integer) 3', 'setrange k']);
    expect(effect('SETRANGE k 100 ')).toEqual(['(integer) 3']);
    expect(effect('SETRANGE pad 2 x')).toEqual(['(integer) 3', 'new pad', 'setrange pad']);
    expect(effect('SETRANGE none 2 ')).toEqual(['(integer) 0']);
    expect(run('GET k', 'GET pad')).toEqual(['"134"', '"\\u0000\\u0000x"']);
  });

  it('grow a string across all kinds of blocks, with its expiry', () => {
    const parts: string[] = [];
    run('SET k  PX 1000');
    for (let length = 1; length <= 2 ** 23; length *= 3) {
      const part = String.fromCharCode(97 + (parts.length % 26)).repeat(length);
      parts.push(part);
      const whole = parts.join('');
      expect(engine.text('APPEND', 'k', part)).toBe(`(integer) ${whole.length}`);
      const reply = engine.run('GET', 'k');
      expect(reply.type === 'bulk' && reply.bytes.toString() === whole).toBe(true);
    }
    expect(dueMs('k')).toBe(START_MS + 1000);
    engine.sleep(1000);
    expect(run('GET k')).toEqual(['(nil)']);
  });

  it('fill what lies between with zeros, also where other bytes were', () => {
    run(`SET k ${'x'.repeat(90)}`, 'SET k y', 'SETRANGE k 80 z');
    expect(run('GET k')).toEqual([JSON.stringify(`y${'\0'.repeat(79)}z`)]);
    const usedBefore = engine.keyspace.heap.usedBytes;
    run(`SETRANGE k ${2 ** 26} z`);
    expect(run(`GETRANGE k ${2 ** 26 - 3} -1`)).toEqual(['"\\u0000\\u0000\\u0000z"']);
    expect(engine.keyspace.heap.usedBytes - usedBefore).toBeGreaterThan(2 ** 26);
  });

  it('stop at proto-max-bulk-len', () => {
    const tooLong = '(error) ERR string exceeds maximum allowed size (proto-max-bulk-len)';
    engine.keyspace.stringBytesMax = 10;
    run('SET k 12345678');
    expect(run('APPEND k 901', 'APPEND k 90', 'APPEND k 1', 'SETRANGE k 9 ab', 'GET k')).toEqual([
      tooLong,
      '(integer) 10',
      tooLong,
      tooLong,
      '"1234567890"',
    ]);
    expect(effect('SETRANGE new 9223372036854775807 x')).toEqual([tooLong]);
    expect(run('APPEND new 12345678901', 'STRLEN new')).toEqual(['(integer) 11', '(integer) 11']);
  });
});

describe('a key of another type', () => {
  beforeEach(() => {
    const key = Args.of(Buffer.from('list'));
    engine.keyspace.databases[0]!.put(key, 0, TYPE_LIST, 0, 0, NO_EXPIRY);
  });

  it.each([
    'GET list',
    'GETEX list EX x',
    'GETDEL list',
    'GETSET list v',
    'SET list v NX GET',
    'APPEND list v',
    'STRLEN list',
    'GETRANGE list 0 1',
    'SUBSTR list 0 1',
    'SETRANGE list 0 ',
    'INCR list',
    'INCRBY list 9223372036854775807',
    'DECRBY list 1',
    'INCRBYFLOAT list x',
  ])('is refused by %s', (line) => {
    expect(effect(line)).toEqual([
      '(error) WRONGTYPE Operation against a key holding the wrong kind of value',
    ]);
  });

  it('has an error of its own in LCS', () => {
    const refusal = '(error) ERR The specified keys must contain string values';
    expect(run('LCS list k NOSUCH', 'LCS k list')).toEqual([refusal, refusal]);
  });

  it('is a key all the same', () => {
    expect(run('MGET list', 'SETNX list v', 'MSETNX k v list v', 'SET list v NX')).toEqual([
      '[(nil)]',
      '(integer) 0',
      '(integer) 0',
      '(nil)',
    ]);
    expect(run('SET list v', 'GET list', 'GET k')).toEqual(['OK', '"v"', '(nil)']);
  });
});

describe('LCS', () => {
  it('refuses strings that take too long to compare', () => {
    engine.keyspace.stringBytesMax = 4 * 11 * 11;
    run('MSET a 0123456789 b 0123456789 c 01234567890');
    expect(run('LCS a b LEN', 'LCS a c LEN')).toEqual([
      '(integer) 10',
      '(error) ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
    ]);
  });
});

describe('the hot path', () => {
  const CALLS = 50_000;

  it.each([
    'GET k',
    'GET missing',
    'SET k value',
    'SET k value NX',
    'INCR n',
    'MSET k value n 1 m 2',
    'MGET k n m',
    'APPEND empty ',
  ])('allocates nothing for %s', (line) => {
    const { client, registry, keyspace } = engine;
    keyspace.listener = null;
    run('MSET k value n 1 m 2');
    const words = line.split(' ');
    const args = Args.of(...words.map((word) => Buffer.from(word)));
    const handler = registry.registered(words[0]!)!.run!;
    const writer = new RespWriter();
    const callAll = () => {
      for (let i = 0; i < CALLS; i++) {
        args.hashed = -1;
        writer.reset();
        handler(client, args, writer);
      }
    };
    // Compiling and the first growth of tables allocate, too: the least of several rounds counts.
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const before = process.memoryUsage().heapUsed;
      callAll();
      const grown = process.memoryUsage().heapUsed - before;
      if (grown >= 0) least = Math.min(least, grown);
    }
    // The smallest object there is would take 16 bytes.
    expect(least / CALLS).toBeLessThan(8);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { type Arg, toBytes } from '../../test/support/resp-client.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';

let engine: TestEngine;
let changes: string[];

beforeEach(() => {
  engine = new TestEngine();
  changes = engine.watchChanges();
});

afterEach(() => {
  checkKeyspace(engine.keyspace);
  engine.run('FLUSHALL');
  checkKeyspace(engine.keyspace);
  expect(engine.keyspace.heap.usedBytes).toBe(engine.keyspace.startupBytes);
});

/** Runs commands, written as words between blanks, and answers the reply to the last. */
function run(...lines: string[]): string {
  return lines.map((line) => engine.text(...line.split(' '))).at(-1)!;
}

/** Gives a key a hash of the fields f0, f1 and so on with the values v0, v1 ... */
function fill(key: string, count: number): void {
  const pairs = Array.from({ length: count }, (_, i) => [`f${i}`, `v${i}`]).flat();
  for (let i = 0; i < pairs.length; i += 20_000) {
    engine.run('HSET', key, ...pairs.slice(i, i + 20_000));
  }
}

function usedBytes(): number {
  return engine.keyspace.heap.usedBytes;
}

describe('changes', () => {
  it.each([
    ['HSET new a 1 b 2', '(integer) 2', 'new new', 'hset new'],
    ['HSET h a 1', '(integer) 0', 'hset h'],
    ['HMSET h a 1 c 3', 'OK', 'hset h'],
    ['HSET h a', "(error) ERR wrong number of arguments for 'hset' command"],
    ['HSETNX h a 1', '(integer) 0'],
    ['HSETNX h c 1', '(integer) 1', 'hset h'],
    ['HSETNX new c 1', '(integer) 1', 'new new', 'hset new'],
    ['HDEL h a x', '(integer) 1', 'hdel h'],
    ['HDEL h a b', '(integer) 2', 'hdel h', 'del h'],
    ['HDEL h x', '(integer) 0'],
    ['HDEL missing x', '(integer) 0'],
    ['HINCRBY h a 5', '(integer) 6', 'hincrby h'],
    ['HINCRBY new a 5', '(integer) 5', 'new new', 'hincrby new'],
    ['HINCRBY h b 5', '(error) ERR hash value is not an integer'],
    ['HINCRBYFLOAT h a 0.5', '"1.5"', 'hincrbyfloat h'],
    ['HINCRBYFLOAT new a 0.5', '"0.5"', 'new new', 'hincrbyfloat new'],
    ['HINCRBYFLOAT missing a inf', '(error) ERR value is NaN or Infinity'],
    ['HGETALL h', '["a", "1", "b", "x"]'],
  ])('of %s', (line, ...expected) => {
    run('HSET h a 1 b x');
    changes.length = 0;
    const { dirty } = engine.keyspace;
    expect([run(line), ...changes]).toEqual(expected);
    // Each field counts that is named, as in Redis; those deleted only if they were there.
    const several = ['HSET new a 1 b 2', 'HMSET h a 1 c 3', 'HDEL h a b'].includes(line);
    expect(engine.keyspace.dirty - dirty).toBe(expected.length === 1 ? 0 : several ? 2 : 1);
  });
});

describe('RESP3', () => {
  it('has maps and pairs', () => {
    run('HSET h f v');
    engine.client.resp3 = true;
    expect(run('HGETALL h')).toBe('{"f": "v"}');
    expect(run('HGETALL missing')).toBe('{}');
    expect(run('HRANDFIELD h 1 WITHVALUES')).toBe('[["f", "v"]]');
    expect(run('HRANDFIELD h -2 WITHVALUES')).toBe('[["f", "v"], ["f", "v"]]');
    expect(run('HRANDFIELD h 1')).toBe('["f"]');
    expect(run('HSCAN h 0')).toBe('["0", ["f", "v"]]');
  });
});

describe('HRANDFIELD', () => {
  it('does not begin what it could not end', () => {
    run('HSET h f v');
    for (const count of ['-33554433', '-4611686018427387903', '-9223372036854775807']) {
      expect(run(`HRANDFIELD h ${count}`)).toBe('(error) ERR value is out of range');
      expect(run(`HRANDFIELD missing ${count}`)).toBe('[]');
    }
    expect(run('HRANDFIELD h -33554433 WITHVALUES')).toBe('(error) ERR value is out of range');
    expect(run('HRANDFIELD h 9223372036854775807')).toBe('["f"]');
  });
});

describe('HSCAN', () => {
  it('leaves values out', () => {
    run('HSET h a 1 b 2');
    expect(run('HSCAN h 0 NOVALUES')).toBe('["0", ["a", "b"]]');
    expect(run('HSCAN h 0 novalues MATCH b COUNT 3')).toBe('["0", ["b"]]');
    expect(run('HSCAN h 0 MATCH b NOVALUES')).toBe('["0", ["b"]]');
    expect(run('HSCAN h 0 MATCH NOVALUES')).toBe('["0", []]');
    expect(run('HSCAN h 0 NOVALUES x')).toBe('(error) ERR syntax error');
    expect(run('SCAN 0 NOVALUES')).toBe('(error) ERR syntax error');
    fill('h', 600);
    expect(run('HSCAN h 0 COUNT 10000 NOVALUES MATCH f599')).toBe('["0", ["f599"]]');
  });

  it('returns what stays, while the hash grows and shrinks', () => {
    fill('h', 3000);
    const seen = new Set<string>();
    let cursor = '0';
    let calls = 0;
    do {
      const reply = engine.run('HSCAN', 'h', cursor, 'COUNT', '10');
      if (reply.type !== 'array') throw new Error('no array');
      const [next, items] = reply.items;
      if (next?.type !== 'bulk' || items?.type !== 'array') throw new Error('no cursor');
      for (const item of items.items) if (item.type === 'bulk') seen.add(`${item.bytes}`);
      cursor = `${next.bytes}`;
      calls++;
      for (let i = 0; i < 20; i++) {
        if (calls < 50) engine.run('HSET', 'h', `new ${calls} ${i}`, 'v');
        else engine.run('HDEL', 'h', `new ${calls - 50} ${i}`, `f${1000 + calls * 20 + i}`);
      }
    } while (cursor !== '0');
    for (let i = 0; i < 1000; i++) expect(seen.has(`f${i}`)).toBe(true);
    expect(calls).toBeGreaterThan(100);
  });
});

describe('a large hash', () => {
  it('is measured, copied, and freed in slices', () => {
    const { keyspace } = engine;
    fill('h', 50_000);
    const measured = Number(/\d+/.exec(run('MEMORY USAGE h'))![0]);
    expect(measured).toBeGreaterThan(50_000 * 12);
    expect(Math.abs(measured - (usedBytes() - keyspace.startupBytes))).toBeLessThan(200);
    expect(run('COPY h copy')).toBe('(integer) 1');
    expect(run('DEL copy')).toBe('(integer) 1');
    expect(keyspace.hasGarbage).toBe(true);
    const before = usedBytes();
    keyspace.freeGarbage();
    expect(usedBytes()).toBeLessThan(before);
    expect(keyspace.hasGarbage).toBe(true);
    while (keyspace.hasGarbage) keyspace.freeGarbage();
    run('HSET h other x', 'PEXPIRE h 10');
    engine.sleep(20);
    expect(run('HLEN h')).toBe('(integer) 0');
    expect(keyspace.hasGarbage).toBe(true);
  });

  it('comes to nothing when all its fields go', () => {
    fill('h', 5000);
    const fields = Array.from({ length: 5000 }, (_, i) => `f${i}`);
    expect(engine.text('HDEL', 'h', ...fields, 'x')).toBe('(integer) 5000');
    expect(run('EXISTS h')).toBe('(integer) 0');
  });

  it('is replaced by a string', () => {
    fill('h', 2000);
    expect(run('SET h text', 'GET h')).toBe('"text"');
  });
});

describe('a pipeline is looked ahead at', () => {
  /** Runs commands in batches of 16, as a connection does. */
  function runAll(commands: readonly Arg[][]): string[] {
    const { executor, client } = engine;
    const writer = new RespWriter();
    const replies: string[] = [];
    for (let from = 0; from < commands.length; from += 16) {
      const some = commands.slice(from, from + 16);
      const batch = some.map((command) => Args.of(...command.map(toBytes)));
      executor.beginBatch(performance.now());
      executor.touch(client, batch, batch.length);
      for (const args of batch) {
        writer.reset();
        executor.execute(client, args, writer);
        replies.push(`${writer.written()}`.trim());
      }
      executor.endBatch();
    }
    return replies;
  }

  it('and answers the same, whatever its commands change', () => {
    fill('big', 2000);
    fill('other', 600);
    const commands: string[][] = [];
    const model = new Map(Array.from({ length: 2000 }, (_, i) => [`f${i}`, `v${i}`]));
    const expected: string[] = [];
    for (let i = 0; i < 4000; i++) {
      const field = `f${(i * 7919) % 3000}`;
      const old = model.get(field);
      if (i % 5 === 0) {
        commands.push(['HDEL', 'big', field]);
        expected.push(model.delete(field) ? ':1' : ':0');
      } else if (i % 5 === 1) {
        commands.push(['HSET', 'big', field, `new ${i}`]);
        expected.push(old === undefined ? ':1' : ':0');
        model.set(field, `new ${i}`);
      } else if (i % 5 === 2) {
        commands.push(['HGET', 'other', `f${i % 700}`]);
        expected.push(i % 700 < 600 ? `$${`v${i % 700}`.length}\r\nv${i % 700}` : '$-1');
      } else {
        commands.push(['HGET', 'big', field]);
        expected.push(old === undefined ? '$-1' : `$${old.length}\r\n${old}`);
      }
    }
    expect(runAll(commands)).toEqual(expected);
  });

  it('and may delete or replace what it has looked at', () => {
    fill('big', 1000);
    const commands = [
      'HGET big f1',
      'HGET big f2',
      'DEL big',
      'HGET big f3',
      'HSET big f4 x',
      'HGET big f4',
      'DEL big',
      'SET big f5',
      'HGET big f5',
      'GET big',
    ].map((line) => line.split(' '));
    const wrong = '-WRONGTYPE Operation against a key holding the wrong kind of value';
    const replies = ['$2\r\nv1', '$2\r\nv2', ':1', '$-1', ':1', '$1\r\nx', ':1', '+OK', wrong];
    expect(runAll(commands)).toEqual([...replies, '$2\r\nf5']);
  });
});

describe('without memory', () => {
  /** Runs a command with each of its allocations refused in turn, until none is needed. */
  function refuseEach(check: (told: readonly string[]) => void, ...command: string[]): void {
    const { heap } = engine.keyspace;
    const { alloc } = heap;
    for (let nth = 0; ; nth++) {
      let left = nth;
      changes.length = 0;
      heap.alloc = (sizeBytes) => {
        if (left-- === 0) throw new OutOfMemoryError('refused');
        return alloc.call(heap, sizeBytes);
      };
      const reply = engine.text(...command);
      heap.alloc = alloc;
      checkKeyspace(engine.keyspace);
      if (!reply.startsWith('(error) OOM')) return;
      check([...changes]);
    }
  }

  it.each([
    ['HSET missing a 1 b 2 a 3'],
    [`HSET missing a ${'x'.repeat(100)} b 2`],
    ['HSETNX missing a 1'],
    ['HINCRBY missing a 1'],
    ['HINCRBYFLOAT missing a 1.5'],
  ])('%s makes no key', (line) => {
    const missing = (told: readonly string[]) => {
      expect(told).toEqual([]);
      expect(run('EXISTS missing')).toBe('(integer) 0');
    };
    refuseEach(missing, ...line.split(' '));
    expect(run('EXISTS missing')).toBe('(integer) 1');
  });

  it.each([
    ['HSET h a 1111111 b 22222222 c 333333333333333'],
    ['HSET h a 1111111111111111111111111111'],
    [`HSET h a ${'x'.repeat(100)}`],
    ['HINCRBY h new 1000000000000000'],
  ])('%s changes nothing in a listpack', (line) => {
    run('HSET h a 1 b 2');
    refuseEach(
      (told) => {
        expect(told).toEqual([]);
        expect(engine.text('HMGET', 'h', 'a', 'b', 'c', 'new')).toBe('["1", "2", (nil), (nil)]');
      },
      ...line.split(' '),
    );
  });

  it('some of several fields may be set in a table, and are told of', () => {
    fill('h', 1000);
    const { heap } = engine.keyspace;
    const { alloc } = heap;
    const fields = Array.from({ length: 40 }, (_, i) => `n${i}`);
    const pairs = fields.flatMap((field, i) => [field, 'x'.repeat(200 + i * 5)]);
    const outcomes = new Set<string>();
    for (let nth = 0, wasRefused = true; wasRefused; nth++) {
      wasRefused = false;
      let left = nth;
      changes.length = 0;
      heap.alloc = (sizeBytes) => {
        if (left-- !== 0) return alloc.call(heap, sizeBytes);
        wasRefused = true;
        throw new OutOfMemoryError('refused');
      };
      const failed = engine.text('HSET', 'h', ...pairs).startsWith('(error) OOM');
      heap.alloc = alloc;
      const told = [...changes];
      const found = Number(/\d+/.exec(engine.text('HDEL', 'h', ...fields))![0]);
      expect(told).toEqual(found > 0 ? ['hset h'] : []);
      if (!failed) expect(found).toBe(40);
      outcomes.add(failed ? (found > 0 ? 'some' : 'none') : 'all');
      checkKeyspace(engine.keyspace);
    }
    expect(outcomes).toEqual(new Set(['none', 'some', 'all']));
  });
});

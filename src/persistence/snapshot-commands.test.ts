import { describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { everyEncoding } from '../../test/support/every-encoding.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { addLarge, addLargeSets } from '../../test/support/snapshot-round.ts';
import { digestOf } from '../commands/digest.ts';
import { KeyspaceWriter } from './keyspace-writer.ts';
import { RdbWriter } from './rdb-writer.ts';
import { SnapshotCommands } from './snapshot-commands.ts';
import { runSteps } from './steps.ts';

const seed = chosenSeed();
/** The year 2100, in milliseconds. */
const FAR_MS = '4102444800123';

/** The commands that a data set becomes, each as its words in Latin-1. */
function commandsOf(
  engine: TestEngine,
  pieceBytes: () => number,
  libraries: readonly Buffer[] = [],
  second: number | null = null,
): string[][] {
  const made: Buffer[] = [];
  const keep = {
    take(chunk: Buffer, length: number): Buffer {
      made.push(Buffer.from(chunk.subarray(0, length)));
      return chunk;
    },
  };
  const commands = new SnapshotCommands(keep, Buffer.alloc(100), { second });
  const cut = {
    take(chunk: Buffer, length: number): Buffer {
      for (let at = 0; at < length; ) {
        const piece = Buffer.from(chunk.subarray(at, Math.min(length, at + pieceBytes())));
        commands.take(piece, piece.length);
        at += piece.length;
      }
      return chunk;
    },
  };
  const writer = new RdbWriter(cut, Buffer.alloc(4096), { compresses: false, version: 11 });
  const facts = { aux: [['redis-ver', '7']] as const, libraries, use: 'idle' } as const;
  runSteps(new KeyspaceWriter(engine.keyspace, writer, facts).write());
  return wordsOf(Buffer.concat(made).toString('latin1'));
}

function wordsOf(text: string): string[][] {
  const commands: string[][] = [];
  let at = 0;
  const line = (): string => {
    const end = text.indexOf('\r\n', at);
    const found = text.slice(at, end);
    at = end + 2;
    return found;
  };
  while (at < text.length) {
    const head = line();
    if (head.startsWith('#')) {
      commands.push([head]);
      continue;
    }
    expect(head).toMatch(/^\*\d+$/);
    const words: string[] = [];
    for (let left = Number(head.slice(1)); left > 0; left--) {
      const length = Number(line().slice(1));
      words.push(text.slice(at, at + length));
      at += length;
      expect(text.slice(at, at + 2)).toBe('\r\n');
      at += 2;
    }
    commands.push(words);
  }
  return commands;
}

/** An engine that has run these, of which none is refused. */
function replayed(commands: readonly string[][]): TestEngine {
  const engine = new TestEngine();
  engine.keyspace.replaying = true;
  for (const words of commands) {
    const reply = engine.text(...words);
    expect(reply, words.slice(0, 4).join(' ')).not.toMatch(/^\(error\)/);
  }
  engine.run('SELECT', '0');
  return engine;
}

function stateOf(engine: TestEngine): string {
  return String(digestOf(engine.keyspace));
}

describe('a snapshot as commands', { timeout: 120_000 }, () => {
  test(`makes the same data, however it is cut (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 12; round++) {
      const engine = new TestEngine();
      for (let i = 0; i < 60; i++) {
        engine.run('SELECT', random.pick(['0', '3']));
        const kind = random.pick(VALUE_KINDS);
        for (const line of randomValue(random, kind, `key ${i}`)) engine.run(...line);
        if (random.fraction() < 0.3) engine.run('PEXPIREAT', `key ${i}`, FAR_MS);
      }
      engine.run('SELECT', '0');
      const most = random.pick([1, 3, 40, 5000]);
      const commands = commandsOf(engine, () => random.integer(1, most));
      expect(stateOf(replayed(commands))).toBe(stateOf(engine));
    }
  });

  test.each([1, 7, 4096])('of every encoding, in pieces of %i bytes', (pieceBytes) => {
    const engine = new TestEngine();
    for (const line of everyEncoding()) if (line[0] !== 'FUNCTION') engine.run(...line);
    engine.run('SELECT', '0');
    const commands = commandsOf(engine, () => pieceBytes);
    const again = replayed(commands);
    expect(stateOf(again)).toBe(stateOf(engine));
    for (const key of engine.text('KEYS', '*').match(/"[^"]*"/g)!) {
      const name = key.slice(1, -1);
      for (const question of ['TYPE', 'PEXPIRETIME']) {
        expect(again.text(question, name), name).toBe(engine.text(question, name));
      }
    }
  });

  test('of large collections and a long text passes in pieces', () => {
    const engine = new TestEngine();
    addLarge(engine, 'hash', 3000);
    addLargeSets(engine, 'set', 'zset', 3000);
    engine.run('SET', 'long', 'x'.repeat(500_000));
    engine.run('RPUSH', 'list', 'y'.repeat(200_000), 'z');
    engine.run('HSET', 'long hash', 'f', 'v'.repeat(300_000));
    const commands = commandsOf(engine, () => 1000);
    expect(stateOf(replayed(commands))).toBe(stateOf(engine));
    const counts = commands
      .filter(([name]) => name === 'HMSET' || name === 'ZADD')
      .map((words) => (words.length - 2) / 2);
    expect(Math.max(...counts)).toBe(64);
    expect(counts.filter((count) => count === 64).length).toBeGreaterThan(80);
  });

  test('says what Redis says', () => {
    const engine = new TestEngine();
    const code = Buffer.from('#!lua name=one\n');
    engine.run('SELECT', '2');
    engine.run('ZADD', 'z', '0.1', 'a', '-inf', 'b');
    const few = (): string[][] => commandsOf(engine, () => 10, [code], 1700000000);
    expect(few()).toEqual([
      ['#TS:1700000000'],
      ['FUNCTION', 'LOAD', '#!lua name=one\n'],
      ['SELECT', '2'],
      ['ZADD', 'z', '-inf', 'b', '0.1', 'a'],
    ]);
    engine.run('DEL', 'z');
    engine.run('SET', 's', '-12');
    engine.run('PEXPIREAT', 's', FAR_MS);
    expect(few().slice(3)).toEqual([
      ['SET', 's', '-12'],
      ['PEXPIREAT', 's', FAR_MS],
    ]);
    engine.run('DEL', 's');
    engine.run('RPUSH', 'l', ...Array.from({ length: 130 }, (_, i) => String(i)));
    expect(
      few()
        .slice(3)
        .map((words) => words.length - 2),
    ).toEqual([64, 64, 2]);
    expect(few()[5]).toEqual(['RPUSH', 'l', '128', '129']);
  });

  test('of a stream makes groups, pending entries and consumers', () => {
    const engine = new TestEngine();
    engine.run('XADD', 's', '1-1', 'f', 'v', 'g', '');
    engine.run('XADD', 's', '2-1', 'f', 'w');
    engine.run('XADD', 's', '3-1', 'f', 'x');
    engine.run('XDEL', 's', '2-1');
    engine.run('XGROUP', 'CREATE', 's', 'group', '0');
    engine.run('XGROUP', 'CREATECONSUMER', 's', 'group', 'idle');
    engine.run('XREADGROUP', 'GROUP', 'group', 'Ann', 'COUNT', '1', 'STREAMS', 's', '>');
    engine.run('XREADGROUP', 'GROUP', 'group', 'Bob', 'STREAMS', 's', '>');
    const time = String(engine.keyspace.nowMs);
    const claim = (consumer: string, id: string): string[] => {
      const options = ['TIME', time, 'RETRYCOUNT', '1', 'JUSTID', 'FORCE'];
      return ['XCLAIM', 's', 'group', consumer, '0', id, ...options];
    };
    const commands = commandsOf(engine, () => 5);
    expect(commands.slice(1, 5)).toEqual([
      ['XADD', 's', '1-1', 'f', 'v', 'g', ''],
      ['XADD', 's', '3-1', 'f', 'x'],
      ['XSETID', 's', '3-1', 'ENTRIESADDED', '3', 'MAXDELETEDID', '2-1'],
      ['XGROUP', 'CREATE', 's', 'group', '3-1', 'ENTRIESREAD', '3'],
    ]);
    expect(new Set(commands.slice(5).map((words) => words.join(' ')))).toEqual(
      new Set([
        'XGROUP CREATECONSUMER s group idle',
        claim('Ann', '1-1').join(' '),
        claim('Bob', '3-1').join(' '),
      ]),
    );
    const questions = [
      'XINFO STREAM s',
      'XINFO GROUPS s',
      'XPENDING s group - + 9',
      'XRANGE s - +',
    ];
    const again = replayed(commands);
    for (const question of questions) {
      const words = question.split(' ');
      expect(again.text(...words)).toBe(engine.text(...words));
    }
  });

  test('of an empty stream leaves nothing that was not there', () => {
    const engine = new TestEngine();
    engine.run('XGROUP', 'CREATE', 'new', 'group', '$', 'MKSTREAM');
    engine.run('XADD', 'emptied', '5-5', 'f', 'v');
    engine.run('XDEL', 'emptied', '5-5');
    const again = replayed(commandsOf(engine, () => 3));
    for (const key of ['new', 'emptied']) {
      for (const what of ['STREAM', 'GROUPS']) {
        expect(again.text('XINFO', what, key)).toBe(engine.text('XINFO', what, key));
      }
    }
  });
});

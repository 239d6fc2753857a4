import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenSeed } from '../../test/support/seeded-random.ts';
import type { Reply } from './reply.ts';
import { ReplyTooLargeError } from './resp-writer.ts';
import {
  EXACT_LEAVES,
  type ExactLeaf,
  type ExactValue,
  type Leaves,
  ReplyError,
  StatusReply,
  ValueWriter,
  VerbatimReply,
} from './value-writer.ts';

const TEXT_LEAVES: Leaves<string> = {
  string: (bytes, start, end) => bytes.toString('latin1', start, end),
  status: (text) => `+${text}`,
  verbatim: (format, text) => `${format}:${text}`,
};

function written(write: (reply: Reply) => void, resp3 = true): ExactValue | undefined {
  const writer = new ValueWriter(EXACT_LEAVES, resp3);
  write(writer);
  return writer.take();
}

describe('ValueWriter', () => {
  it.each<[string, (reply: Reply) => void, ExactValue]>([
    ['ok', (reply) => reply.ok(), new StatusReply('OK')],
    ['status', (reply) => reply.status('PONG'), new StatusReply('PONG')],
    ['error', (reply) => reply.error('ERR a\r\nb'), new ReplyError('ERR a  b')],
    ['integer', (reply) => reply.integer(-7), -7],
    ['big integer', (reply) => reply.bigInteger(2n ** 62n), 2n ** 62n],
    ['small big integer', (reply) => reply.bigInteger(-(2n ** 53n) + 1n), -(2 ** 53) + 1],
    ['least unsafe integer', (reply) => reply.bigInteger(2n ** 53n), 2n ** 53n],
    ['text', (reply) => reply.text('é'), Buffer.from('é')],
    ['blob', (reply) => reply.blob(Uint8Array.of(0, 255)), Buffer.of(0, 255)],
    ['verbatim', (reply) => reply.verbatim('txt', 'a'), new VerbatimReply('txt', 'a')],
    ['nil', (reply) => reply.nil(), null],
    ['nil array', (reply) => reply.nilArray(), null],
    ['double', (reply) => reply.double(1.5), 1.5],
    ['long double', (reply) => reply.longDouble(0.1), 0.1],
    ['infinity', (reply) => reply.double(Infinity), Infinity],
    ['boolean', (reply) => reply.boolean(true), true],
    ['big number', (reply) => reply.bigNumber('12345678901234567890'), 12345678901234567890n],
    ['empty array', (reply) => reply.array(0), []],
    ['empty map', (reply) => reply.map(0), new Map()],
  ])('gives %s as a value', (_, write, value) => {
    expect(written(write)).toStrictEqual(value);
  });

  it.each<[string, (reply: Reply) => void, ExactValue]>([
    ['verbatim', (reply) => reply.verbatim('txt', 'a'), Buffer.from('a')],
    ['double', (reply) => reply.double(0.1), Buffer.from('0.1')],
    ['long double', (reply) => reply.longDouble(0.1), Buffer.from('0.10000000000000001')],
    ['boolean', (reply) => reply.boolean(true), 1],
    ['big number', (reply) => reply.bigNumber('123'), Buffer.from('123')],
  ])('gives %s as RESP2 does', (_, write, value) => {
    expect(written(write, false)).toStrictEqual(value);
  });

  it('folds maps, sets and pushes into arrays where RESP2 does', () => {
    const write = (reply: Reply): void => {
      reply.array(3);
      reply.map(1);
      reply.integer(1);
      reply.integer(2);
      reply.set(1);
      reply.integer(3);
      reply.push(1);
      reply.integer(4);
    };
    expect(written(write, false)).toStrictEqual([[1, 2], [3], [4]]);
    expect(written(write)).toStrictEqual([new Map([[1, 2]]), [3], [4]]);
  });

  it('copies strings out of the memory they are in', () => {
    const memory = Buffer.from('xxabcxx');
    const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
    const value = written((reply) => reply.bulk(memory, view, 2, 3));
    memory.fill(0);
    expect(value).toStrictEqual(Buffer.from('abc'));
  });

  it('makes texts into what the caller wants', () => {
    const writer = new ValueWriter(TEXT_LEAVES, true);
    writer.array(3);
    writer.text('a');
    writer.ok();
    writer.verbatim('mkd', 'b');
    expect(writer.take()).toEqual(['a', '+OK', 'mkd:b']);
  });

  it('closes arrays whose length is known only at their end', () => {
    const value = written((reply) => {
      reply.array(2);
      const outer = reply.openArray();
      reply.integer(1);
      const inner = reply.openArray();
      reply.closeSet(inner, 0);
      reply.closeArray(outer, 2);
      reply.integer(2);
    });
    expect(value).toStrictEqual([[1, []], 2]);
  });

  it('goes back to a mark', () => {
    const value = written((reply) => {
      const mark = reply.mark();
      reply.array(5);
      reply.ok();
      reply.rewind(mark);
      reply.nil();
    });
    expect(value).toBeNull();
  });

  it('drops attributes wherever they are', () => {
    const value = written((reply) => {
      reply.attribute(1);
      reply.text('ttl');
      reply.array(1);
      reply.integer(10);
      reply.array(2);
      reply.integer(1);
      reply.attribute(1);
      reply.map(0);
      reply.integer(2);
      reply.integer(3);
    });
    expect(value).toStrictEqual([1, 3]);
  });

  it('keeps errors in their place', () => {
    const value = written((reply) => {
      reply.array(2);
      reply.error('WRONGTYPE Operation');
      reply.integer(1);
    });
    expect(value).toStrictEqual([new ReplyError('WRONGTYPE Operation'), 1]);
    expect((value as [ReplyError])[0].code).toBe('WRONGTYPE');
    expect(new ReplyError('ERR').code).toBe('ERR');
  });

  it('nests deeper than any stack', () => {
    const depth = 200_000;
    let value = written((reply) => {
      for (let i = 0; i < depth; i++) reply.array(1);
      reply.integer(7);
    });
    let seen = 0;
    while (Array.isArray(value)) {
      value = value[0];
      seen++;
    }
    expect(seen).toBe(depth);
    expect(value).toBe(7);
  });

  it('has nothing to give twice', () => {
    const writer = new ValueWriter(EXACT_LEAVES, true);
    writer.nil();
    expect(writer.take()).toBeNull();
    expect(writer.take()).toBeUndefined();
  });

  it('refuses to give half a reply, or two', () => {
    expect(() => written((reply) => reply.array(1))).toThrow('lacks values');
    expect(() =>
      written((reply) => {
        reply.ok();
        reply.ok();
      }),
    ).toThrow('2 replies');
  });

  it('is bounded while it is being written', () => {
    const writer = new ValueWriter(EXACT_LEAVES, true);
    writer.limitBytes = 1000;
    writer.blob(Buffer.alloc(500));
    expect(() => writer.blob(Buffer.alloc(500))).toThrow(ReplyTooLargeError);
    writer.reset();
    expect(() => {
      for (;;) writer.integer(1);
    }).toThrow(ReplyTooLargeError);
  });
});

const seed = chosenSeed();

const { tree: aTree } = fc.letrec<{ tree: ExactValue; list: ExactValue[] }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.integer(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    ),
    tie('list'),
    tie('list').map((values) => new Map(values.map((value, index) => [index, value]))),
  ),
  list: fc.array(tie('tree'), { maxLength: 4 }),
}));

/** Writes a value the way that a command would, with its aggregates opened in either manner. */
function write(reply: Reply, value: ExactValue, opensAhead: boolean): void {
  if (value === null) reply.nil();
  else if (typeof value === 'number') reply.integer(value);
  else if (Buffer.isBuffer(value)) reply.blob(value);
  else if (value instanceof Map) {
    reply.map(value.size);
    for (const entry of value) for (const each of entry) write(reply, each, !opensAhead);
  } else if (Array.isArray(value)) {
    const mark = opensAhead ? reply.openArray() : 0;
    if (!opensAhead) reply.array(value.length);
    for (const each of value) write(reply, each, !opensAhead);
    if (opensAhead) reply.closeArray(mark, value.length);
  } else throw new Error(`not a value of this test: ${String(value)}`);
}

describe(`any reply (SEED=${seed})`, () => {
  it('is the value that was written', () => {
    fc.assert(
      fc.property(aTree, fc.boolean(), (value, opensAhead) => {
        const writer = new ValueWriter<ExactLeaf>(EXACT_LEAVES, true);
        write(writer, value, opensAhead);
        expect(writer.take()).toStrictEqual(value);
      }),
      { seed, numRuns: 1000 },
    );
  });
});

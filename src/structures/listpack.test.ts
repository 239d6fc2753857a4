import { describe, expect, it } from 'vitest';
import { encodeListpack, rangeOf } from '../../test/support/listpack-format.ts';
import { ListpackModel, runListpackRound } from '../../test/support/listpack-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import * as listpack from './listpack.ts';
import { ListpackCursor } from './listpack-cursor.ts';
import { isValidListpack } from './listpack-validate.ts';

const seed = chosenSeed();

const texts = (...elements: string[]) => elements.map((element) => Buffer.from(element, 'latin1'));

/** A listpack with a megabyte of room. */
function packed(elements: Buffer[]) {
  const range = rangeOf(Buffer.alloc(2 ** 20));
  encodeListpack(elements).copy(range.bytes);
  return range;
}

describe(`against an array, SEED=${seed}`, () => {
  for (let round = 0; round < 12; round++) {
    it(`has the right bytes after every operation, round ${round}`, () => {
      runListpackRound(new SeededRandom(seed + round), 400);
    });
  }
});

describe('an element', () => {
  const lengths = [0, 63, 64, 4095, 4096, 16377, 16378, 2097145, 2097146];

  it.each(lengths)('of %i bytes is walked over in both directions', (length) => {
    const model = new ListpackModel(new SeededRandom(1));
    for (const text of [Buffer.from('a'), Buffer.alloc(length, '1x'), Buffer.from('b')]) {
      model.insert(model.texts.length, text);
    }
    model.check();
    for (let index = -4; index < 4; index++) {
      const { bytes, view, start } = model;
      const expected = index < -3 || index > 2 ? 0 : model.offsetOf((index + 3) % 3);
      expect(listpack.atIndex(bytes, view, start, index)).toBe(expected);
    }
  });

  it.each([
    [127, 1],
    [128, 2],
    [16382, 2],
    [16383, 3],
    [2097150, 3],
    [2097151, 4],
    [268435454, 4],
    [268435455, 5],
  ])('of %i bytes, head included, has a backlen of %i', (bodyBytes, backlenBytes) => {
    const headBytes = bodyBytes < 4096 ? 2 : 5;
    const text = rangeOf(Buffer.alloc(bodyBytes - headBytes));
    const { length } = text.bytes;
    const entryBytes = bodyBytes + backlenBytes;
    const { bytes, view } = rangeOf(Buffer.alloc(entryBytes + listpack.EMPTY_BYTES));
    listpack.writeEmpty(bytes, view, 0);
    listpack.append(bytes, view, 0, text.bytes, text.view, 0, length);
    expect(listpack.entryBytes(text.bytes, 0, length)).toBe(entryBytes);
    expect(listpack.entryBytesAt(bytes, view, 0, 6)).toBe(entryBytes);
    expect(listpack.last(bytes, view, 0)).toBe(6);
    expect(isValidListpack(bytes, view, 0, bytes.length)).toBe(true);
  });
});

describe('find', () => {
  it('does not mistake an integer for one that ends in the same bits', () => {
    const elements = texts('5', '4294967301', '-4294967291', '261', '-251', '65541');
    const { bytes, view } = packed(elements);
    elements.forEach((element, index) => {
      const text = rangeOf(element);
      const { length } = element;
      const found = listpack.find(bytes, view, 0, 6, 1, text.bytes, text.view, 0, length);
      expect(found).toBe(listpack.atIndex(bytes, view, 0, index));
    });
  });
});

describe('an entry that comes with a longer head than it needs', () => {
  // 5 as 13 bits, 16, 24, 32 and 64 bits, "5" with three heads, -5 as 64 bits
  const hex = [
    'c00502 f1050003 f205000004 f30500000005 f4050000000000000009 813502 e0013503',
    'f0010000003506 f4fbffffffffffffff09',
  ];
  const entries = hex.flatMap((line) => line.split(' ')).map((entry) => Buffer.from(entry, 'hex'));

  it.each(entries)('is found by its text', (entry) => {
    const elements = [entry, Buffer.from('0101', 'hex')];
    const bytes = Buffer.concat([Buffer.alloc(6), ...elements, Buffer.of(255)]);
    bytes.writeUInt32LE(bytes.length, 0);
    bytes.writeUInt16LE(2, 4);
    const { view } = rangeOf(bytes);
    const text = rangeOf(Buffer.from(entry.includes(0xfb) ? '-5' : '5'));
    const { length } = text.bytes;
    expect(listpack.find(bytes, view, 0, 6, 1, text.bytes, text.view, 0, length)).toBe(6);
    expect(listpack.equals(bytes, view, 0, 6, text.bytes, text.view, 0, length)).toBe(true);
    expect(listpack.compare(bytes, view, 0, 6, text.bytes, 0, length)).toBe(0);
    const one = rangeOf(Buffer.from('1'));
    expect(listpack.find(bytes, view, 0, 6, 1, one.bytes, one.view, 0, 1)).toBe(6 + entry.length);
  });
});

describe('the count', () => {
  it('is unknown from 65535 entries on, and known again when it was counted', () => {
    const { bytes, view } = packed(Array<Buffer>(65533).fill(Buffer.of(0x61)));
    const text = rangeOf(Buffer.from('7'));
    const stated = () => bytes.readUInt16LE(4);
    const append = () => listpack.append(bytes, view, 0, text.bytes, text.view, 0, 1);
    append();
    expect([stated(), listpack.count(bytes, view, 0)]).toEqual([65534, 65534]);
    append();
    append();
    expect([stated(), listpack.count(bytes, view, 0)]).toEqual([65535, 65536]);
    expect(listpack.atIndex(bytes, view, 0, 65535)).toBe(listpack.last(bytes, view, 0));
    expect(listpack.atIndex(bytes, view, 0, 65536)).toBe(0);
    expect(listpack.atIndex(bytes, view, 0, -65536)).toBe(6);
    expect(listpack.atIndex(bytes, view, 0, -65537)).toBe(0);
    listpack.remove(bytes, view, 0, 6, 3);
    expect(stated()).toBe(65535);
    expect(listpack.count(bytes, view, 0)).toBe(65533);
    expect(stated()).toBe(65533);
  });

  it('is unknown after so many entries came at once', () => {
    const { bytes, view } = packed(texts('first'));
    const source = rangeOf(encodeListpack(Array<Buffer>(70_000).fill(Buffer.of(0x61))));
    const byteLength = source.bytes.length - listpack.EMPTY_BYTES;
    const { bytes: from, view: fromView } = source;
    listpack.insertEntries(bytes, view, 0, 6, from, fromView, 6, byteLength, 70_000);
    expect(bytes.readUInt16LE(4)).toBe(65535);
    expect(listpack.count(bytes, view, 0)).toBe(70_001);
  });
});

describe('an empty listpack', () => {
  const { bytes, view } = rangeOf(Buffer.alloc(7));
  listpack.writeEmpty(bytes, view, 0);

  it('has no entry, from no side', () => {
    expect(bytes.toString('hex')).toBe('070000000000ff');
    expect(listpack.first(bytes, 0)).toBe(0);
    expect(listpack.last(bytes, view, 0)).toBe(0);
    expect(listpack.atIndex(bytes, view, 0, 0)).toBe(0);
    expect(listpack.atIndex(bytes, view, 0, -1)).toBe(0);
    expect(listpack.find(bytes, view, 0, 0, 1, bytes, view, 0, 0)).toBe(0);
    const cursor = new ListpackCursor();
    expect([cursor.first(bytes, view, 0), cursor.last(bytes, view, 0)]).toEqual([false, false]);
  });
});

describe('a cursor', () => {
  it('reads integers exactly', () => {
    const { bytes, view } = packed(texts('-9223372036854775808', '12', '9007199254740993'));
    const cursor = new ListpackCursor();
    expect(cursor.atIndex(bytes, view, 0, 0)).toBe(true);
    expect([cursor.isInteger, cursor.integer.high, cursor.integer.low]).toEqual([
      true,
      -(2 ** 31),
      0,
    ]);
    expect(cursor.next(bytes, view)).toBe(true);
    expect(cursor.integer.toNumber()).toBe(12);
    expect(cursor.next(bytes, view)).toBe(true);
    expect([cursor.integer.high, cursor.integer.low]).toEqual([2 ** 21, 1]);
    expect(cursor.next(bytes, view)).toBe(false);
  });

  it('goes on from an offset after a change', () => {
    const { bytes, view } = packed(texts('a', 'drop', 'b', 'drop', 'drop'));
    const drop = rangeOf(Buffer.from('drop'));
    const cursor = new ListpackCursor();
    const kept: string[] = [];
    let more = cursor.first(bytes, view, 0);
    while (more) {
      const { offset, textStart, textLength } = cursor;
      if (listpack.equals(bytes, view, 0, offset, drop.bytes, drop.view, 0, 4)) {
        more = cursor.seek(bytes, view, 0, listpack.remove(bytes, view, 0, offset));
      } else {
        kept.push(bytes.toString('latin1', textStart, textStart + textLength));
        more = cursor.next(bytes, view);
      }
    }
    expect(kept).toEqual(['a', 'b']);
    expect(listpack.count(bytes, view, 0)).toBe(2);
  });
});

import { describe, expect, test } from 'vitest';
import { bytesOf, sealFile } from '../../test/support/rdb-bytes.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Int64 } from '../structures/int64.ts';
import { RdbError } from './rdb-error.ts';
import { type ByteSource, RdbReader } from './rdb-reader.ts';
import { DEFAULT_WRITING, RdbWriter } from './rdb-writer.ts';
import { runSteps } from './steps.ts';

describe('what is written', () => {
  const seed = chosenSeed();

  test(`is read again, in chunks and reads of any size (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 30; round++) {
      const { bytes, expected } = writeAnything(random);
      const reader = RdbReader.ofSource(sourceOf(sealFile(bytes), random), true);
      for (const read of expected) read(reader);
      expect(reader.left).toBe(8);
      reader.sumUp();
      expect(reader.isSummedUp()).toBe(true);
    }
  });

  test('is a string of any length, compressed at once or in steps', () => {
    for (const length of [20, 21, 70_000, 300_000, 1_000_000]) {
      for (const text of [Buffer.alloc(length, 'ab'), noise(length)]) {
        const atOnce = written((writer) => writer.string(text, viewOf(text), 0, length));
        const inSteps = written((writer) => {
          if (writer.isWrittenInSteps(length)) {
            runSteps(writer.longString(text, viewOf(text), 0, length));
          } else {
            writer.string(text, viewOf(text), 0, length);
          }
        });
        expect(inSteps.equals(atOnce)).toBe(true);
        const reader = RdbReader.ofBytes(atOnce, 0, atOnce.length);
        reader.string();
        expect(textOf(reader).equals(text)).toBe(true);
      }
    }
  });
});

describe('a reader', () => {
  test.each([
    ['a length that is cut', [0x80, 0, 0]],
    ['a string that is cut', [5, 97]],
    ['a string of 4 GiB', [0x80, 0xff, 0xff, 0xff, 0xff]],
    ['a string of 2^63 bytes', [0x81, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a length that is none', [0x82]],
    ['an encoding that is none', [0xc4]],
    ['a compressed string of 1 GiB', [0xc3, 5, 0x80, 0x3f, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5]],
    ['a compressed string that is cut', [0xc3, 50, 60, 0, 97]],
    ['compressed bytes that are none', [0xc3, 2, 4, 0x20, 9]],
  ])('refuses %s, having reserved nothing', (_, bytes) => {
    const before = process.memoryUsage().arrayBuffers;
    const reader = RdbReader.ofBytes(Buffer.from(bytes), 0, bytes.length);
    expect(() => reader.string()).toThrow(RdbError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  test('believes no count that cannot be', () => {
    const bytes = Buffer.of(0x80, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3);
    expect(() => RdbReader.ofBytes(bytes, 0, 8).count(1)).toThrow(/do not fit/);
    expect(RdbReader.ofBytes(Buffer.of(3, 1, 2, 3), 0, 4).count(1)).toBe(3);
    expect(() => RdbReader.ofBytes(Buffer.of(3, 1, 2, 3), 0, 4).count(2)).toThrow(RdbError);
  });

  test('tells where it is', () => {
    const bytes = bytesOf(9, 9, 1, 'a', 0x40, 3, 'abc', 5);
    const reader = RdbReader.ofBytes(bytes, 2, bytes.length - 2);
    reader.string();
    expect(reader.offset).toBe(2);
    reader.skipString();
    expect(reader.offset).toBe(7);
    expect(() => reader.string()).toThrow(expect.objectContaining({ offset: 8 }));
  });

  test('notices a source that ends before its time', () => {
    const source: ByteSource = { size: 1000, read: () => 0 };
    expect(() => RdbReader.ofSource(source, false).byte()).toThrow(RdbError);
  });
});

type Read = (reader: RdbReader) => void;

/** Numbers, lengths and strings, and what reads each of them and expects it. */
function writeAnything(random: SeededRandom): { bytes: Buffer; expected: Read[] } {
  const expected: Read[] = [];
  const number = new Int64();
  const bytes = written((writer) => {
    for (let i = random.integer(1, 60); i > 0; i--) {
      switch (random.integer(0, 5)) {
        case 0: {
          const length =
            random.integer(0, 2 ** random.integer(1, 30)) * random.pick([1, 1, 2 ** 20]);
          writer.length(length);
          expected.push((reader) => expect(reader.length()).toBe(length));
          break;
        }
        case 1: {
          const [low, high] = [random.integer(-9, 9), random.integer(-9, 9)];
          writer.length64(low, high);
          expected.push((reader) => {
            reader.length64(number);
            expect([number.low, number.high]).toEqual([low, high]);
          });
          break;
        }
        case 2: {
          const value = random.integer(-(2 ** 53) + 1, 2 ** 53 - 1);
          writer.int64(value);
          expected.push((reader) => expect(reader.int64()).toBe(value));
          break;
        }
        case 3: {
          const value = random.fraction();
          writer.double(value);
          expected.push((reader) => expect(reader.double()).toBe(value));
          break;
        }
        default: {
          const length = random.pick([0, 1, 5, 30, 5000, random.integer(0, 700_000)]);
          const text = random.pick([
            noise(length),
            Buffer.alloc(length, 'xyz'),
            Buffer.from('-77'),
          ]);
          writer.string(text, viewOf(text), 0, text.length);
          expected.push((reader) => {
            reader.string();
            expect(textOf(reader).equals(text)).toBe(true);
          });
        }
      }
    }
  });
  return { bytes, expected };
}

function written(write: (writer: RdbWriter) => void): Buffer {
  const chunks: Buffer[] = [];
  const sink = {
    take(chunk: Buffer, length: number): Buffer {
      chunks.push(chunk.subarray(0, length));
      return Buffer.alloc(64 + chunks.length * 100);
    },
  };
  const writer = new RdbWriter(sink, Buffer.alloc(64), DEFAULT_WRITING);
  write(writer);
  writer.flush();
  return Buffer.concat(chunks);
}

function sourceOf(bytes: Buffer, random: SeededRandom): ByteSource {
  let position = 0;
  return {
    size: bytes.length,
    read(into, at, length) {
      const most = Math.min(length, random.integer(1, 200_000));
      const got = bytes.copy(into, at, position, position + most);
      position += got;
      return got;
    },
  };
}

/** Bytes that do not repeat. */
function noise(length: number): Buffer {
  const random = new SeededRandom(length);
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = random.integer(0, 255);
  return bytes;
}

function textOf({ textBytes, textStart, textLength }: RdbReader): Buffer {
  return textBytes.subarray(textStart, textStart + textLength);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

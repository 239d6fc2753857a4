/** Payloads and files of RDB, put together byte by byte, as old versions of Redis wrote them. */
import { Crc64 } from '../../src/persistence/crc64.ts';

/** Bytes from numbers, Latin-1 texts and other bytes, one behind the other. */
export function bytesOf(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.of(part);
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    }),
  );
}

/** A type and a value as DUMP would give it: with version and checksum. */
export function sealPayload(typeAndValue: Uint8Array, version = 11): Buffer {
  return sealFile(bytesOf(typeAndValue, version & 255, version >>> 8));
}

/** Bytes with their checksum behind them. */
export function sealFile(bytes: Uint8Array): Buffer {
  const sealed = Buffer.concat([bytes, Buffer.alloc(8)]);
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.length);
  const crc = new Crc64();
  crc.update(sealed, view, 0, bytes.length);
  crc.write(view, bytes.length);
  return sealed;
}

/** A length in its shortest form. */
export function length(value: number): Buffer {
  if (value < 64) return Buffer.of(value);
  if (value < 16384) return Buffer.of(0x40 | (value >>> 8), value & 255);
  const bytes = Buffer.alloc(5, 0x80);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

/** A string as it is. */
export function string(text: string | Uint8Array): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  return bytesOf(length(bytes.length), bytes);
}

/** A 64-bit integer, the lowest byte first. */
export function int64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

/** A double, the lowest byte first. */
export function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

/** An id of a stream in 16 bytes, the highest first. */
export function idBytes(ms: number | bigint, sequence: number | bigint): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(ms));
  bytes.writeBigUInt64BE(BigInt(sequence), 8);
  return bytes;
}

/** A ziplist of texts and integers; with `longBefore` all say in five bytes what is before them. */
export function ziplist(
  elements: readonly (string | number | bigint)[],
  longBefore = false,
): Buffer {
  const entries: Buffer[] = [];
  let before = 0;
  let tail = 10;
  let at = 10;
  for (const element of elements) {
    const body = typeof element === 'string' ? ziplistText(element) : ziplistInteger(element);
    const entry = bytesOf(ziplistBefore(before, longBefore), body);
    entries.push(entry);
    tail = at;
    before = entry.length;
    at += entry.length;
  }
  const head = Buffer.alloc(10);
  head.writeUInt32LE(at + 1);
  head.writeUInt32LE(tail, 4);
  head.writeUInt16LE(elements.length, 8);
  return bytesOf(head, ...entries, 255);
}

function ziplistBefore(before: number, isLong: boolean): Buffer {
  if (before < 254 && !isLong) return Buffer.of(before);
  const bytes = Buffer.alloc(5, 254);
  bytes.writeUInt32LE(before, 1);
  return bytes;
}

function ziplistText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 64) return bytesOf(bytes.length, bytes);
  if (bytes.length < 16384) return bytesOf(0x40 | (bytes.length >>> 8), bytes.length & 255, bytes);
  const head = Buffer.alloc(5, 0x80);
  head.writeUInt32BE(bytes.length, 1);
  return bytesOf(head, bytes);
}

/** In the shortest form; a bigint in 64 bits whatever it is. */
function ziplistInteger(value: number | bigint): Buffer {
  if (typeof value === 'bigint') return bytesOf(0xe0, int64(value));
  if (value >= 0 && value <= 12) return Buffer.of(0xf1 + value);
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  if (value >= -(2 ** 7) && value < 2 ** 7) return bytesOf(0xfe, bytes.subarray(0, 1));
  if (value >= -(2 ** 15) && value < 2 ** 15) return bytesOf(0xc0, bytes.subarray(0, 2));
  if (value >= -(2 ** 23) && value < 2 ** 23) return bytesOf(0xf0, bytes.subarray(0, 3));
  return bytesOf(0xd0, bytes);
}

/** A zipmap of fields and values, some with unused bytes behind them. */
export function zipmap(pairs: readonly (readonly [string, string])[], unused = 0): Buffer {
  const entries = pairs.map(([field, value]) =>
    bytesOf(
      zipmapLength(field.length),
      field,
      zipmapLength(value.length),
      unused,
      value,
      Buffer.alloc(unused),
    ),
  );
  return bytesOf(Math.min(pairs.length, 254), ...entries, 255);
}

function zipmapLength(value: number): Buffer {
  if (value < 254) return Buffer.of(value);
  const bytes = Buffer.alloc(5, 254);
  bytes.writeUInt32LE(value, 1);
  return bytes;
}

/** An intset of integers in ascending order, each of so many bytes. */
export function intset(integers: readonly number[], width: 2 | 4 | 8): Buffer {
  const bytes = Buffer.alloc(8 + integers.length * width);
  bytes.writeUInt32LE(width);
  bytes.writeUInt32LE(integers.length, 4);
  integers.forEach((integer, i) => {
    if (width === 8) bytes.writeBigInt64LE(BigInt(integer), 8 + i * 8);
    else bytes.writeIntLE(integer, 8 + i * width, width);
  });
  return bytes;
}

/** A listpack of short strings and of integers from 0 to 127. */
export function listpack(...elements: readonly (string | number)[]): Buffer {
  const entries = elements.map((element) =>
    typeof element === 'number'
      ? bytesOf(element, 1)
      : bytesOf(0x80 | element.length, element, element.length + 1),
  );
  const head = Buffer.alloc(6);
  head.writeUInt32LE(7 + Buffer.concat(entries).length);
  head.writeUInt16LE(elements.length, 4);
  return bytesOf(head, ...entries, 255);
}

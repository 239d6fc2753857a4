/** The format of listpacks written down once more, the slow and plain way, to compare with. */

/** A range of bytes with a view over the same memory. */
export interface Range {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** A buffer and its view. */
export function rangeOf(bytes: Buffer): Range {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** The bytes of a listpack with these elements, built the slow and plain way. */
export function encodeListpack(texts: readonly Buffer[]): Buffer {
  const entries = texts.map((text) => {
    const body = encodeBody(text);
    return Buffer.concat([body, encodeBacklen(body.length)]);
  });
  const total = entries.reduce((sum, entry) => sum + entry.length, 7);
  const header = Buffer.alloc(6);
  header.writeUInt32LE(total, 0);
  header.writeUInt16LE(Math.min(texts.length, 65535), 4);
  return Buffer.concat([header, ...entries, Buffer.of(0xff)]);
}

/** The elements of a listpack; undefined when the bytes are not exactly one. */
export function decodeListpack(bytes: Buffer): Buffer[] | undefined {
  if (bytes.length < 7 || bytes.readUInt32LE(0) !== bytes.length || bytes.at(-1) !== 0xff) {
    return undefined;
  }
  const texts: Buffer[] = [];
  let rest = bytes.subarray(6, -1);
  while (rest.length > 0) {
    const entry = decodeBody(rest);
    if (entry === undefined || entry.length > rest.length) return undefined;
    const backlen = encodeBacklen(entry.length);
    const behind = entry.length + backlen.length;
    if (!rest.subarray(entry.length, behind).equals(backlen)) return undefined;
    texts.push(entry.text);
    rest = rest.subarray(behind);
  }
  const count = bytes.readUInt16LE(4);
  return count === texts.length || count === 65535 ? texts : undefined;
}

/** Whether a text is stored as an integer. */
export function isInteger(text: Buffer): boolean {
  const characters = text.toString('latin1');
  if (characters.length > 20 || !/^(0|-?[1-9]\d*)$/.test(characters)) return false;
  return BigInt.asIntN(64, BigInt(characters)) === BigInt(characters);
}

function encodeBody(text: Buffer): Buffer {
  if (isInteger(text)) return encodeInteger(BigInt(text.toString('latin1')));
  const { length } = text;
  if (length < 64) return Buffer.concat([Buffer.of(0x80 + length), text]);
  if (length < 4096) return Buffer.concat([Buffer.of(0xe0 + (length >> 8), length & 255), text]);
  const head = Buffer.of(0xf0, 0, 0, 0, 0);
  head.writeUInt32LE(length, 1);
  return Buffer.concat([head, text]);
}

function encodeInteger(value: bigint): Buffer {
  if (value >= 0n && value <= 127n) return Buffer.of(Number(value));
  if (value >= -4096n && value <= 4095n) {
    const bits = Number(BigInt.asUintN(13, value));
    return Buffer.of(0xc0 + (bits >> 8), bits & 255);
  }
  const widths = [2, 3, 4, 8];
  const index = widths.findIndex((width) => BigInt.asIntN(width * 8, value) === value);
  const payload = Buffer.alloc(8);
  payload.writeBigInt64LE(value);
  return Buffer.concat([Buffer.of(0xf1 + index), payload.subarray(0, widths[index]!)]);
}

function encodeBacklen(length: number): Buffer {
  const limits = [127, 16382, 2097150, 268435454];
  const size = limits.filter((limit) => length > limit).length + 1;
  return Buffer.from(
    Array.from({ length: size }, (_, i) => {
      const bits = Math.floor(length / 128 ** (size - 1 - i)) % 128;
      return i === 0 ? bits : bits + 128;
    }),
  );
}

/** The element at the beginning of the bytes, and the length of its head and payload. */
function decodeBody(bytes: Buffer): { text: Buffer; length: number } | undefined {
  const head = bytes[0]!;
  const string = (headBytes: number, length: number) => {
    const text = bytes.subarray(headBytes, headBytes + length);
    return { text, length: headBytes + length };
  };
  const integer = (value: bigint, length: number) => ({ text: Buffer.from(`${value}`), length });
  if (head < 0x80) return integer(BigInt(head), 1);
  if (head < 0xc0) return string(1, head - 0x80);
  if (bytes.length < 2) return undefined;
  if (head < 0xe0) return integer(BigInt.asIntN(13, BigInt(bytes.readUInt16BE(0))), 2);
  if (head < 0xf0) return string(2, bytes.readUInt16BE(0) - 0xe000);
  if (head === 0xf0) return bytes.length < 5 ? undefined : string(5, bytes.readUInt32LE(1));
  const width = [2, 3, 4, 8][head - 0xf1];
  if (width === undefined || bytes.length <= width) return undefined;
  const payload = Buffer.alloc(8);
  bytes.copy(payload, 0, 1, 1 + width);
  return integer(BigInt.asIntN(width * 8, payload.readBigUInt64LE()), 1 + width);
}

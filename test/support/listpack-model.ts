/** Listpacks against plain arrays of buffers. */
import * as listpack from '../../src/structures/listpack.ts';
import { ListpackCursor } from '../../src/structures/listpack-cursor.ts';
import { isValidListpack } from '../../src/structures/listpack-validate.ts';
import { decodeListpack, encodeListpack, isInteger, rangeOf } from './listpack-format.ts';
import type { SeededRandom } from './seeded-random.ts';

const GUARD = 0xaa;
const PADDING_MAX = 40;

/** Texts of every kind that the format tells apart, most of them short. */
export function randomText(random: SeededRandom): Buffer {
  const kind = random.integer(0, 19);
  if (kind < 4) return Buffer.from(`${random.integer(-20, 140)}`);
  if (kind < 9) return Buffer.from(`${randomInteger(random)}`);
  if (kind < 11) return Buffer.from(random.text('-+0123456789. ', 0, 21));
  if (kind < 17) return randomBytes(random, random.integer(0, 20));
  if (kind < 19) return randomBytes(random, random.pick([62, 63, 64, 65, 124, 125, 126, 127, 300]));
  return randomBytes(random, random.pick([4093, 4094, 4095, 4096, 4097, 16377, 16378, 16379]));
}

function randomBytes(random: SeededRandom, length: number): Buffer {
  const high = random.pick([1, 255]);
  return Buffer.from(Array.from({ length }, () => random.integer(0, high)));
}

/** Integers near a power of two, all the way to 64 bits. */
function randomInteger(random: SeededRandom): bigint {
  const power = 2n ** BigInt(random.integer(0, 63));
  const value = power + BigInt(random.integer(-2, 2));
  return BigInt.asIntN(64, random.integer(0, 1) === 0 ? value : -value);
}

/** A listpack under test, which always has exactly the room it needs, and what must be in it. */
export class ListpackModel {
  readonly texts: Buffer[] = [];
  readonly random: SeededRandom;
  readonly cursor: ListpackCursor = new ListpackCursor();
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  #end = 0;

  constructor(random: SeededRandom) {
    this.random = random;
    this.#move(listpack.EMPTY_BYTES);
    listpack.writeEmpty(this.bytes, this.view, this.start);
  }

  /** The listpack's bytes. */
  get packed(): Buffer {
    return this.bytes.subarray(this.start, this.start + listpack.totalBytes(this.view, this.start));
  }

  /** Offset of the entry at an index, counted by walking; of the end for the index behind all. */
  offsetOf(index: number): number {
    let offset = 6;
    for (let i = 0; i < index; i++) {
      offset = listpack.behind(this.bytes, this.view, this.start, offset);
    }
    return offset;
  }

  insert(index: number, text: Buffer): void {
    const offset = this.offsetOf(index);
    const { bytes, view } = rangeOf(text);
    this.#room(listpack.entryBytes(bytes, 0, text.length));
    const way = this.random.integer(0, 1);
    if (index === this.texts.length && way === 0) {
      listpack.append(this.bytes, this.view, this.start, bytes, view, 0, text.length);
    } else if (index === 0 && way === 0) {
      listpack.prepend(this.bytes, this.view, this.start, bytes, view, 0, text.length);
    } else {
      listpack.insert(this.bytes, this.view, this.start, offset, bytes, view, 0, text.length);
    }
    this.texts.splice(index, 0, text);
  }

  replace(index: number, text: Buffer): void {
    const offset = this.offsetOf(index);
    const { bytes, view } = rangeOf(text);
    const before = listpack.entryBytesAt(this.bytes, this.view, this.start, offset);
    this.#room(listpack.entryBytes(bytes, 0, text.length) - before);
    listpack.replace(this.bytes, this.view, this.start, offset, bytes, view, 0, text.length);
    this.texts[index] = text;
  }

  remove(index: number, count: number): void {
    const offset = this.offsetOf(index);
    const following = listpack.remove(this.bytes, this.view, this.start, offset, count);
    this.texts.splice(index, count);
    expectEqual('offset after removal', following, index < this.texts.length ? offset : 0);
  }

  /** Inserts entries of another listpack as they are. */
  insertEntries(index: number, texts: readonly Buffer[]): void {
    const source = rangeOf(encodeListpack(texts));
    const byteLength = source.bytes.length - listpack.EMPTY_BYTES;
    this.#room(byteLength);
    const offset = this.offsetOf(index);
    listpack.insertEntries(
      this.bytes,
      this.view,
      this.start,
      offset,
      source.bytes,
      source.view,
      6,
      byteLength,
      texts.length,
    );
    this.texts.splice(index, 0, ...texts);
  }

  /** Compares every byte, and the bytes around. */
  check(): void {
    const expected = encodeListpack(this.texts);
    if (!this.packed.equals(expected)) {
      throw new Error(`bytes\n  are       ${hex(this.packed)}\n  should be ${hex(expected)}`);
    }
    const around = [this.bytes.subarray(0, this.start), this.bytes.subarray(this.#end)];
    if (around.some((range) => range.some((byte) => byte !== GUARD))) {
      throw new Error('bytes outside the listpack were written');
    }
    const { bytes, view, start } = this;
    expectEqual('validity', isValidListpack(bytes, view, start, expected.length), true);
    expectEqual('count', listpack.count(bytes, view, start), this.texts.length);
    expectEqual('end', listpack.end(view, start), expected.length - 1);
  }

  /** Walks with the cursor, in both directions. */
  checkWalks(): void {
    const { cursor, bytes, view, start, texts } = this;
    const forward: Buffer[] = [];
    for (let more = cursor.first(bytes, view, start); more; more = cursor.next(bytes, view)) {
      forward.push(this.#cursorText());
    }
    expectEqual('offset behind the last', cursor.offset, 0);
    const backward: Buffer[] = [];
    for (let more = cursor.last(bytes, view, start); more; more = cursor.previous(bytes, view)) {
      backward.unshift(this.#cursorText());
    }
    for (const walked of [forward, backward]) {
      expectEqual('elements walked', walked.map(hex).join(), texts.map(hex).join());
    }
  }

  /** Looks for an entry by index, from either end or outside. */
  checkIndex(index: number): void {
    const { cursor, bytes, view, start } = this;
    const expected = this.texts.at(index);
    expectEqual('index found', cursor.atIndex(bytes, view, start, index), expected !== undefined);
    if (expected === undefined) return;
    expectEqual('element at index', hex(this.#cursorText()), hex(expected));
    const position = index < 0 ? index + this.texts.length : index;
    expectEqual('offset at index', cursor.offset, this.offsetOf(position));
    const previous = position === 0 ? 0 : this.offsetOf(position - 1);
    expectEqual('offset before', listpack.previous(bytes, start, cursor.offset), previous);
    const next = position + 1 === this.texts.length ? 0 : this.offsetOf(position + 1);
    expectEqual('offset behind', listpack.next(bytes, view, start, cursor.offset), next);
  }

  /** Looks for a text from an entry on, with a stride. */
  checkFind(index: number, stride: number, text: Buffer): void {
    const { bytes, view, start } = this;
    const probe = rangeOf(Buffer.concat([Buffer.of(1, 2, 3), text, Buffer.of(0x30)]));
    const found = this.texts.findIndex((candidate, i) => {
      return i >= index && (i - index) % stride === 0 && candidate.equals(text);
    });
    const from = index < this.texts.length ? this.offsetOf(index) : 0;
    const { length } = text;
    expectEqual(
      `offset of ${hex(text)}`,
      listpack.find(bytes, view, start, from, stride, probe.bytes, probe.view, 3, length),
      found < 0 ? 0 : this.offsetOf(found),
    );
  }

  /** Compares an entry with a text. */
  checkCompare(index: number, text: Buffer): void {
    const { bytes, view, start } = this;
    const offset = this.offsetOf(index);
    const probe = rangeOf(Buffer.concat([Buffer.of(1), text, Buffer.of(0x30)]));
    const { length } = text;
    const element = this.texts[index]!;
    const order = listpack.compare(bytes, view, start, offset, probe.bytes, 1, length);
    expectEqual('order', Math.sign(order), Buffer.compare(element, text));
    expectEqual(
      'equality',
      listpack.equals(bytes, view, start, offset, probe.bytes, probe.view, 1, length),
      element.equals(text),
    );
  }

  /** The text that the cursor is at, which must be the same in all the ways to get it. */
  #cursorText(): Buffer {
    const { cursor, bytes, view } = this;
    const copy = rangeOf(Buffer.alloc(30_000));
    const end = cursor.copyText(bytes, view, copy.bytes, copy.view, 5);
    const copied = copy.bytes.subarray(5, end);
    cursor.spell();
    const { textStart, textLength } = cursor;
    const spelled = cursor.textBytes(bytes).subarray(textStart, textStart + textLength);
    const textView = cursor.textView(view);
    const seen = Buffer.from(textView.buffer, textView.byteOffset + textStart, textLength);
    expectEqual('copied text', hex(copied), hex(spelled));
    expectEqual('text in view', hex(seen), hex(spelled));
    expectEqual('kind', cursor.isInteger, isInteger(spelled));
    return Buffer.from(spelled);
  }

  /** Moves the listpack to where there is exactly `more` bytes of room. */
  #room(more: number): void {
    this.#move(listpack.totalBytes(this.view, this.start) + Math.max(0, more));
  }

  #move(room: number): void {
    const start = this.random.integer(0, PADDING_MAX);
    const end = start + room;
    const bytes = Buffer.alloc(end + this.random.integer(0, PADDING_MAX), GUARD);
    if (this.bytes.length > 0) this.packed.copy(bytes, start);
    this.bytes = bytes;
    this.view = rangeOf(bytes).view;
    this.start = start;
    this.#end = end;
  }
}

/** One round of random operations. */
export function runListpackRound(random: SeededRandom, operations: number): void {
  const model = new ListpackModel(random);
  const sizeMax = random.pick([3, 12, 60]);
  for (let i = 0; i < operations; i++) {
    const { length } = model.texts;
    const index = random.integer(0, Math.max(0, length - 1));
    const known = length > 0 && random.integer(0, 1) === 0 ? random.pick(model.texts) : undefined;
    const text = known ?? randomText(random);
    const kind = random.integer(0, 9);
    if (length > sizeMax) model.remove(index, random.integer(0, length + 2));
    else if (kind < 4 || length === 0) model.insert(random.integer(0, length), text);
    else if (kind < 6) model.replace(index, text);
    else if (kind === 6) model.remove(index, random.integer(0, 3));
    else if (kind === 7) {
      model.insertEntries(index, [text, randomText(random)].slice(random.integer(0, 2)));
    } else if (kind === 8) {
      model.checkFind(random.integer(0, length), random.integer(1, 3), text);
      model.checkCompare(index, text);
    } else {
      model.checkIndex(random.integer(-length - 1, length));
      if (random.integer(0, 9) === 0) model.checkWalks();
    }
    model.check();
  }
}

/** Damages a listpack at random and asks whether the validator sees exactly what is wrong. */
export function runDamageRound(random: SeededRandom, operations: number): void {
  const texts = Array.from({ length: random.integer(0, 6) }, () => randomText(random));
  const whole = encodeListpack(texts);
  for (let i = 0; i < operations; i++) checkValidity(damaged(random, whole));
}

/** The validator's answer is that of the second reading, and it reads nothing but the bytes. */
export function checkValidity(packed: Buffer): void {
  const texts = decodeListpack(packed);
  // A view of just these bytes throws when it is read outside, a buffer has to be watched.
  const watched = new Proxy(packed, {
    get(target, key) {
      if (typeof key === 'string' && /^-?\d+$/.test(key) && !(key in target)) {
        throw new Error(`byte ${key} of ${target.length} was read`);
      }
      return Reflect.get(target, key, target);
    },
  });
  const { view } = rangeOf(packed);
  const isValid = isValidListpack(watched, view, 0, packed.length);
  expectEqual(`validity of ${hex(packed)}`, isValid, texts !== undefined);
  if (texts === undefined) return;
  const cursor = new ListpackCursor();
  const walked: Buffer[] = [];
  for (let more = cursor.first(packed, view, 0); more; more = cursor.next(packed, view)) {
    cursor.spell();
    const { textStart, textLength } = cursor;
    walked.push(Buffer.from(cursor.textBytes(packed).subarray(textStart, textStart + textLength)));
  }
  expectEqual('elements', walked.map(hex).join(), texts.map(hex).join());
  expectEqual('count', listpack.count(packed, view, 0), texts.length);
  for (const text of texts) {
    const probe = rangeOf(text);
    const index = texts.findIndex((other) => other.equals(text));
    const offset = listpack.find(packed, view, 0, 6, 1, probe.bytes, probe.view, 0, text.length);
    expectEqual('offset found', offset, listpack.atIndex(packed, view, 0, index));
  }
}

function damaged(random: SeededRandom, whole: Buffer): Buffer {
  let bytes = Buffer.from(whole);
  for (let left = random.integer(1, 3); left > 0; left--) {
    const at = random.integer(0, bytes.length - 1);
    const kind = random.integer(0, 5);
    if (kind === 0) bytes = bytes.subarray(0, at + 1);
    else if (kind === 1) bytes[at] = random.integer(0, 255);
    else if (kind === 2) bytes[at]! ^= 1 << random.integer(0, 7);
    else if (kind === 3)
      bytes[at] = random.pick([0, 0x7f, 0x80, 0xbf, 0xe0, 0xf0, 0xf4, 0xf5, 0xff]);
    else if (kind === 4) bytes.copyWithin(at, random.integer(0, bytes.length - 1));
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.integer(0, at))]);
  }
  // Otherwise hardly any damage would get past the first check.
  if (bytes.length >= 7 && random.integer(0, 9) > 0) bytes.writeUInt32LE(bytes.length, 0);
  if (bytes.length >= 7 && random.integer(0, 9) > 3) bytes.writeUInt16LE(65535, 4);
  if (random.integer(0, 9) > 0) bytes[bytes.length - 1] = 0xff;
  return Buffer.from(bytes);
}

function hex(bytes: Buffer): string {
  return bytes.length > 200
    ? `${bytes.length} bytes ${bytes.toString('base64')}`
    : bytes.toString('hex');
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: is ${actual}, should be ${expected}`);
}

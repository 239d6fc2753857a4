/** Intsets against plain sorted arrays. */
import { Int64 } from '../../src/structures/int64.ts';
import * as intset from '../../src/structures/intset.ts';
import type { SeededRandom } from './seeded-random.ts';

const GUARD = 0xaa;
const PADDING_MAX = 20;

/** The bytes of an intset with these members in this order, built the slow and plain way. */
export function encodeIntset(members: readonly bigint[], width: number): Buffer {
  const bytes = Buffer.alloc(8 + members.length * width);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(members.length, 4);
  members.forEach((value, i) => {
    const member = Buffer.alloc(8);
    member.writeBigInt64LE(value);
    member.copy(bytes, 8 + i * width, 0, width);
  });
  return bytes;
}

/** The integer as the structures take it. */
export function int64Of(value: bigint): Int64 {
  const int64 = new Int64();
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  int64.set(bytes.readInt32LE(0), bytes.readInt32LE(4));
  return int64;
}

/** The value of an integer of the structures. */
export function bigintOf(int64: Int64): bigint {
  return BigInt(int64.high) * 2n ** 32n + BigInt(int64.low >>> 0);
}

/** Bytes that an integer needs in an intset. */
function widthOf(value: bigint): number {
  return [2, 4, 8].find((width) => BigInt.asIntN(width * 8, value) === value)!;
}

/** An intset under test, which always has exactly the room it needs, and what must be in it. */
export class IntsetModel {
  readonly random: SeededRandom;
  readonly #scratch = new Int64();
  members: bigint[] = [];
  width = 2;
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  #end = 0;

  constructor(random: SeededRandom) {
    this.random = random;
    this.#move(intset.EMPTY_BYTES);
    intset.writeEmpty(this.view, this.start);
  }

  /** The intset's bytes. */
  get packed(): Buffer {
    return this.bytes.subarray(this.start, this.start + intset.totalBytes(this.view, this.start));
  }

  add(value: bigint): void {
    const isNew = !this.members.includes(value);
    if (isNew) this.#move(intset.bytesWith(this.view, this.start, int64Of(value)));
    const added = intset.add(this.bytes, this.view, this.start, int64Of(value));
    expectEqual(`${value} added`, added, isNew);
    if (!isNew) return;
    this.members.push(value);
    this.members.sort((a, b) => (a < b ? -1 : 1));
    this.width = Math.max(this.width, widthOf(value));
  }

  remove(value: bigint): void {
    const removed = intset.remove(this.bytes, this.view, this.start, int64Of(value));
    expectEqual(`${value} removed`, removed, this.members.includes(value));
    this.members = this.members.filter((member) => member !== value);
  }

  removeAt(index: number): void {
    intset.removeAt(this.bytes, this.view, this.start, index);
    this.members.splice(index, 1);
  }

  /** Looks for an integer. */
  checkFind(value: bigint): void {
    const index = this.members.indexOf(value);
    const below = this.members.filter((member) => member < value).length;
    const found = intset.find(this.view, this.start, int64Of(value));
    expectEqual(`place of ${value}`, found, index < 0 ? ~below : index);
  }

  /** Compares every byte, the bytes around, and what the reading functions say. */
  check(): void {
    const { view, start, members } = this;
    const expected = encodeIntset(members, this.width);
    expectEqual('bytes', this.packed.toString('hex'), expected.toString('hex'));
    const around = [this.bytes.subarray(0, this.start), this.bytes.subarray(this.#end)];
    if (around.some((range) => range.some((byte) => byte !== GUARD))) {
      throw new Error('bytes outside the intset were written');
    }
    expectEqual('count', intset.count(view, start), members.length);
    const isValid = intset.isValidIntset(this.bytes, view, start, expected.length);
    expectEqual('validity', isValid, members.length > 0);
    if (members.length === 0) return;
    const index = this.random.integer(0, members.length - 1);
    intset.read(view, start, index, this.#scratch);
    expectEqual(`member ${index}`, bigintOf(this.#scratch), members[index]);
    const fraction = this.random.fraction();
    intset.readRandom(view, start, () => fraction, this.#scratch);
    const chosen = members[Math.floor(fraction * members.length)];
    expectEqual('random member', bigintOf(this.#scratch), chosen);
  }

  /** Moves the intset to where there is exactly this much room. */
  #move(room: number): void {
    const start = this.random.integer(0, PADDING_MAX);
    const end = start + room;
    const bytes = Buffer.alloc(end + this.random.integer(0, PADDING_MAX), GUARD);
    if (this.bytes.length > 0) this.packed.copy(bytes, start);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.start = start;
    this.#end = end;
  }
}

/** One round of random operations. */
export function runIntsetRound(random: SeededRandom, operations: number): void {
  const model = new IntsetModel(random);
  const bitsMax = random.pick([4, 7, 15, 16, 31, 32, 62]);
  for (let i = 0; i < operations; i++) {
    const known = random.integer(0, 2) === 0 && model.members.length > 0;
    const value = known ? random.pick(model.members) : randomInteger(random, bitsMax);
    const kind = random.integer(0, 9);
    if (kind < 4) model.add(value);
    else if (kind < 6) model.remove(value);
    else if (kind < 9) model.checkFind(value);
    else if (model.members.length > 0) model.removeAt(random.integer(0, model.members.length - 1));
    model.check();
  }
}

/** Damages an intset at random and asks whether the validator sees exactly what is wrong. */
export function runIntsetDamageRound(random: SeededRandom, operations: number): void {
  const values = Array.from({ length: random.integer(1, 5) }, () => randomInteger(random, 62));
  const members = [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
  const whole = encodeIntset(members, Math.max(...members.map(widthOf)));
  for (let i = 0; i < operations; i++) {
    const kind = random.integer(0, 2);
    const at = random.integer(0, whole.length - 1);
    const bytes = kind === 0 ? Buffer.from(whole.subarray(0, at)) : Buffer.from(whole);
    if (kind === 1) bytes[at] = random.integer(0, 255);
    if (kind === 2) bytes[random.pick([0, 4])] = random.integer(0, 9);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const isValid = intset.isValidIntset(bytes, view, 0, bytes.length);
    expectEqual(`validity of ${bytes.toString('hex')}`, isValid, isIntset(bytes));
  }
}

/** Whether bytes are an intset, by reading the members and writing them again. */
function isIntset(bytes: Buffer): boolean {
  const width = bytes.length > 8 ? bytes.readUInt32LE(0) : 0;
  if (![2, 4, 8].includes(width) || (bytes.length - 8) % width !== 0) return false;
  const members = Array.from({ length: (bytes.length - 8) / width }, (_, i) => {
    const member = Buffer.alloc(8);
    bytes.copy(member, 0, 8 + i * width, 8 + (i + 1) * width);
    return BigInt.asIntN(width * 8, member.readBigUInt64LE());
  });
  const isAscending = members.every((member, i) => i === 0 || members[i - 1]! < member);
  return isAscending && encodeIntset(members, width).equals(bytes);
}

/** Integers of up to so many bits; half of them near a power of two. */
function randomInteger(random: SeededRandom, bitsMax: number): bigint {
  const power = 2n ** BigInt(random.integer(0, bitsMax));
  const offset =
    random.integer(0, 1) === 0
      ? BigInt(random.integer(-2, 2))
      : BigInt(Math.floor(random.fraction() * Number(power)));
  const value = power + offset;
  return BigInt.asIntN(64, random.integer(0, 1) === 0 ? value : -value);
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: is ${actual}, should be ${expected}`);
}

import { describe, expect, it } from 'vitest';
import { CLASS_BYTES, CLASS_OF_UNITS } from '../memory/size-classes.ts';
import { Args } from '../protocol/args.ts';
import { KEEP_EXPIRY, NO_EXPIRY } from './database.ts';
import { type Entry, TYPE_STRING } from './entry.ts';
import { Keyspace } from './keyspace.ts';
import { checkKeyspace } from './keyspace-check.ts';

const START_MS = 1_704_067_200_000;
const ENCODING = 2;
const CLOCK = 0xabcdef;

function fill(keyspace: Keyspace, entry: Entry, from: number, length: number): void {
  const { entries } = keyspace;
  const start = entries.valueStart(entry);
  for (let i = from; i < length; i++) entries.bytes(entry)[start + i] = 33 + (i % 90);
}

function expectRecord(keyspace: Keyspace, entry: Entry, key: string, length: number): void {
  const { entries } = keyspace;
  expect(entries.valueLength(entry)).toBe(length);
  expect(entries.keyLength(entry)).toBe(key.length);
  const start = entries.keyStart(entry);
  expect(entries.bytes(entry).toString('latin1', start, start + key.length)).toBe(key);
  const value = entries.bytes(entry).subarray(start + key.length, start + key.length + length);
  expect(value.findIndex((byte, i) => byte !== 33 + (i % 90))).toBe(-1);
  expect(entries.kind(entry)).toBe(TYPE_STRING | (ENCODING << 3));
}

describe('Records of all short lengths', () => {
  it('hold what they are given in the least memory, through resizing and expiries', () => {
    const keyspace = new Keyspace(1, START_MS);
    const database = keyspace.databases[0]!;
    for (const keyLength of [0, 1, 7, 16, 31, 62, 63, 64]) {
      for (let length = 0; length <= 132; length++) {
        const key = 'k'.repeat(keyLength);
        const args = Args.of(Buffer.from(key));
        let entry = database.put(args, 0, TYPE_STRING, ENCODING, length, NO_EXPIRY);
        keyspace.entries.setClock(entry, CLOCK);
        fill(keyspace, entry, 0, length);
        expectRecord(keyspace, entry, key, length);
        const total = keyLength + length;
        const header = keyLength <= 63 && total <= 123 ? 5 : 8;
        const smallest = CLASS_BYTES[CLASS_OF_UNITS[(total + header + 7) >>> 3]!]!;
        expect(keyspace.heap.capacity(entry)).toBe(smallest);
        for (const change of [1, 1, 1, 1, -1, -1, -1, -1, -3, 9]) {
          const resized = Math.max(0, keyspace.entries.valueLength(entry) + change);
          const before = keyspace.entries.valueLength(entry);
          entry = database.resizeValue(entry, resized, change === 9 ? 20 : 0);
          fill(keyspace, entry, before, resized);
          expectRecord(keyspace, entry, key, resized);
        }
        expect(keyspace.entries.clock(entry)).toBe(CLOCK);
        entry = database.setExpiry(entry, START_MS + 1000);
        expectRecord(keyspace, entry, key, keyspace.entries.valueLength(entry));
        entry = database.put(args, 0, TYPE_STRING, ENCODING, length, KEEP_EXPIRY);
        fill(keyspace, entry, 0, length);
        expect(database.expiryMs(entry)).toBe(START_MS + 1000);
        entry = database.clearExpiry(entry);
        expectRecord(keyspace, entry, key, length);
        database.removeEntry(entry);
      }
    }
  });

  it('are sound together after being overwritten with each other length', () => {
    const keyspace = new Keyspace(1, START_MS);
    const database = keyspace.databases[0]!;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 60; i++) {
        const key = `key:${i}`;
        const length = (i * 7 + round * 13) % 90;
        const entry = database.put(
          Args.of(Buffer.from(key)),
          0,
          TYPE_STRING,
          ENCODING,
          length,
          NO_EXPIRY,
        );
        fill(keyspace, entry, 0, length);
      }
      for (let i = 0; i < 60; i++) {
        const key = `key:${i}`;
        const entry = database.find(Args.of(Buffer.from(key)), 0);
        expectRecord(keyspace, entry, key, (i * 7 + round * 13) % 90);
      }
      checkKeyspace(keyspace);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { Args } from '../protocol/args.ts';
import { NO_EXPIRY } from './database.ts';
import { type Entry, TYPE_STRING } from './entry.ts';
import { Keyspace } from './keyspace.ts';
import { checkKeyspace } from './keyspace-check.ts';

const START_MS = 1_704_067_200_000;

function filled(): { keyspace: Keyspace; plain: Entry; expiring: Entry } {
  const keyspace = new Keyspace(2, START_MS);
  const database = keyspace.databases[1]!;
  const put = (key: string, expiry: number) =>
    database.put(Args.of(Buffer.from(key)), 0, TYPE_STRING, 0, 50, expiry);
  const plain = put('plain', NO_EXPIRY);
  const expiring = put('expiring', START_MS + 5000);
  put('another', START_MS + 5000);
  return { keyspace, plain, expiring };
}

describe('checkKeyspace', () => {
  it('accepts a sound keyspace, also while one is taken apart', () => {
    const { keyspace } = filled();
    checkKeyspace(keyspace);
    for (let i = 0; i < 6000; i++) {
      keyspace.databases[0]!.put(Args.of(Buffer.from(`${i}`)), 0, TYPE_STRING, 0, i % 50, START_MS);
    }
    checkKeyspace(keyspace);
    keyspace.databases[0]!.flush();
    expect(keyspace.hasGarbage).toBe(true);
    checkKeyspace(keyspace);
    expect(keyspace.hasGarbage).toBe(false);
  });

  it.each<[string, (parts: ReturnType<typeof filled>) => void]>([
    ['1 blocks have no owner', ({ keyspace }) => keyspace.heap.alloc(100)],
    [
      'has 1063 bytes in a block of',
      ({ keyspace, plain }) => keyspace.entries.setValueLength(plain, 1050),
    ],
    [
      'the wheel counts 3 timers, not 2',
      ({ keyspace }) => {
        keyspace.databases[1]!.wheel.count++;
      },
    ],
    [
      'is not on the wheel',
      ({ keyspace, expiring }) => {
        keyspace.databases[1]!.wheel.remove(keyspace.entries.timer(expiring));
      },
    ],
    [
      '2 timers and 0 far ones for 0 keys',
      ({ keyspace }) => {
        const [first, second] = keyspace.databases;
        [first!.wheel, second!.wheel] = [second!.wheel, first!.wheel];
      },
    ],
    [
      'hash table: record',
      ({ keyspace, plain }) => {
        const { entries } = keyspace;
        entries.bytes(plain)[entries.keyStart(plain)]! ^= 1;
      },
    ],
    [
      'has two owners',
      ({ keyspace }) => {
        const [first, second] = keyspace.databases;
        first!.root = second!.root;
        first!.wheel = second!.wheel;
      },
    ],
  ])('finds: %s', (message, breakIt) => {
    const parts = filled();
    breakIt(parts);
    expect(() => checkKeyspace(parts.keyspace)).toThrow(message);
  });
});

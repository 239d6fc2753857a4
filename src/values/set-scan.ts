/** Going through sets a part at a time: SSCAN. */
import { globMatch } from '../protocol/glob.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Cell } from './cell.ts';
import type { Sets } from './set.ts';
import { SET_HASHTABLE } from './set-encoding.ts';

/** Buckets that a scan visits per member asked for, so that an empty table does not hold it up. */
const BUCKETS_PER_MEMBER_MAX = 10;

const STAR = 0x2a;

/**
 * The cursor after a scan from `cursor` that visits about `membersMax` members, 0 when it reaches
 * the end. A cursor is a place in the order of the members' hashes, below 2^32, which stays what it
 * is while the table grows and shrinks. A small set is visited as a whole.
 */
export function scanEnd(sets: Sets, cell: Cell, cursor: number, membersMax: number): number {
  if (cell.encoding !== SET_HASHTABLE) return 0;
  const { table } = sets;
  const { root } = cell;
  let position = cursor;
  let members = 0;
  let buckets = 0;
  do {
    members += table.scanBucket(root, position);
    position = table.nextPosition;
    buckets++;
  } while (position !== 0 && members < membersMax && buckets < membersMax * BUCKETS_PER_MEMBER_MAX);
  return position;
}

/**
 * Answers with the members from one cursor to another, where 0 is the end too, that match the glob,
 * null for any; how many they are.
 */
export function writeScanned(
  sets: Sets,
  cell: Cell,
  from: number,
  to: number,
  glob: Uint8Array | null,
  reply: Reply,
): number {
  // The glob matcher, as Redis's, takes an empty text for a match of nothing but the empty glob.
  const pattern = glob?.length === 1 && glob[0] === STAR ? null : glob;
  if (cell.encoding !== SET_HASHTABLE) return writeMatching(sets, cell, pattern, reply);
  const { table } = sets;
  const { root } = cell;
  let written = 0;
  let position = from;
  do {
    const found = table.scanBucket(root, position);
    position = table.nextPosition;
    for (let i = 0; i < found; i++) {
      table.entry(i);
      const { memberBytes: bytes, memberStart: start, memberLength: length } = table;
      if (pattern !== null && !matches(pattern, bytes, start, length)) continue;
      reply.bulk(bytes, table.memberView, start, length);
      written++;
    }
  } while (position !== to && position !== 0);
  return written;
}

function writeMatching(
  { cursor }: Sets,
  cell: Cell,
  pattern: Uint8Array | null,
  reply: Reply,
): number {
  const { member } = cursor;
  let written = 0;
  cursor.open(cell);
  while (cursor.next()) {
    member.spell();
    if (pattern !== null && !matches(pattern, member.bytes, member.start, member.length)) continue;
    member.write(reply);
    written++;
  }
  return written;
}

function matches(pattern: Uint8Array, bytes: Buffer, start: number, length: number): boolean {
  return globMatch(pattern, 0, pattern.length, bytes, start, start + length, false);
}

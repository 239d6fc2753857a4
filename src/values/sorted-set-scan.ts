/** Going through a sorted set a few elements at a time, whatever happens to it in between. */
import type { Ptr } from '../memory/address.ts';
import { globMatch } from '../protocol/glob.ts';
import { formatDouble17 } from '../protocol/numbers.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Cell } from './cell.ts';
import { type SortedSets, ZSET_SKIPLIST } from './sorted-set.ts';

/** Buckets that a scan visits per element asked for. */
const BUCKETS_PER_ELEMENT_MAX = 10;
/** Positions end here. */
const POSITION_END = 2 ** 32;
const STAR = 0x2a;

/**
 * Answers as ZSCAN does: with the position to go on from, and about `countMax` elements that match
 * a glob, all of a packed sorted set. As in Redis, scores of a large one have 17 digits.
 */
export function scanSortedSet(
  sortedSets: SortedSets,
  cell: Cell,
  position: number,
  countMax: number,
  glob: Uint8Array | null,
  reply: Reply,
): void {
  // The glob matcher, as Redis's, takes an empty text for a match of nothing but the empty glob.
  const pattern = glob?.length === 1 && glob[0] === STAR ? null : glob;
  if (cell.encoding !== ZSET_SKIPLIST) {
    reply.text('0');
    scanPacked(sortedSets, cell, pattern, reply);
  } else if (position >= POSITION_END) {
    reply.text('0');
    reply.array(0);
  } else {
    scanLarge(sortedSets, cell.root, position, countMax, pattern, reply);
  }
}

function scanPacked(
  sortedSets: SortedSets,
  cell: Cell,
  pattern: Uint8Array | null,
  reply: Reply,
): void {
  const cursor = sortedSets.enter(cell, 0);
  const mark = reply.openArray();
  let count = 0;
  do {
    cursor.read();
    const { bytes, view, start, length } = cursor;
    if (!matches(pattern, bytes, start, length)) continue;
    reply.bulk(bytes, view, start, length);
    cursor.writeScoreText(reply);
    count += 2;
  } while (cursor.next());
  reply.closeArray(mark, count);
}

function scanLarge(
  { large }: SortedSets,
  root: Ptr,
  from: number,
  countMax: number,
  pattern: Uint8Array | null,
  reply: Reply,
): void {
  const { members, table } = large;
  const { heap } = large;
  let position = from;
  let seen = 0;
  let buckets = 0;
  // The cursor comes first, so the way is gone twice.
  do {
    seen += large.scan(root, position);
    position = table.nextPosition;
    buckets++;
  } while (position !== 0 && seen < countMax && buckets < countMax * BUCKETS_PER_ELEMENT_MAX);
  reply.text(String(position));
  const mark = reply.openArray();
  let count = 0;
  for (let at = from; buckets > 0; buckets--) {
    const found = large.scan(root, at);
    at = table.nextPosition;
    for (let i = 0; i < found; i++) {
      const record = table.batch[i]! as Ptr;
      const extent = members.extent(record);
      const bytes = heap.bytes[extent]!;
      const start = members.start(record);
      const length = members.length(record);
      if (!matches(pattern, bytes, start, length)) continue;
      reply.bulk(bytes, heap.views[extent]!, start, length);
      reply.text(formatDouble17(members.score(record)));
      count += 2;
    }
  }
  reply.closeArray(mark, count);
}

function matches(
  pattern: Uint8Array | null,
  bytes: Buffer,
  start: number,
  length: number,
): boolean {
  if (pattern === null) return true;
  return globMatch(pattern, 0, pattern.length, bytes, start, start + length, false);
}

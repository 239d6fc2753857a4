/** Reading sorted sets, in all the ways in which they were ever stored. */
import { TYPE_ZSET } from '../keyspace/entry.ts';
import { NULL, type Ptr } from '../memory/address.ts';
import { DOUBLE_LENGTH_MAX, parseDouble, writeDouble } from '../protocol/numbers.ts';
import * as listpack from '../structures/listpack.ts';
import { isValidListpack } from '../structures/listpack-validate.ts';
import { ScoreCursor } from '../structures/score-tree-cursor.ts';
import { hashBytes } from '../structures/siphash.ts';
import { PackedPairs } from '../values/packed-pairs.ts';
import { type SortedSets, ZSET_LISTPACK, ZSET_SKIPLIST } from '../values/sorted-set.ts';
import type { DecodedValue } from './decoded-value.ts';
import { hasDuplicates } from './element-set.ts';
import { HeldText } from './held-text.ts';
import type { ListpackBuilder } from './listpack-builder.ts';
import { SCORE_NAN, SCORE_NEGATIVE_INFINITY, SCORE_POSITIVE_INFINITY } from './rdb-format.ts';
import { type RdbReader, STEP_BYTES } from './rdb-reader.ts';
import type { Steps } from './steps.ts';
import { convertZiplist } from './ziplist.ts';

/** Members of a large listpack that go to a table and a tree in a step. */
const MEMBERS_PER_STEP = 256;
const DUPLICATE = 'a member of a sorted set is there twice';
const NOT_A_NUMBER = 'a score is not a number';

/** See the file's comment. What was read comes to a DecodedValue: at once, or in steps. */
export class SortedSetDecoder {
  isDeep = false;
  readonly #sortedSets: SortedSets;
  readonly #value: DecodedValue;
  readonly #builder: ListpackBuilder;
  readonly #pairs = new PackedPairs();
  /** The member whose score is being read. */
  readonly #member = new HeldText();
  readonly #cursor: ScoreCursor;
  readonly #score = Buffer.alloc(DOUBLE_LENGTH_MAX);
  readonly #scoreView = new DataView(this.#score.buffer, this.#score.byteOffset, DOUBLE_LENGTH_MAX);

  /** `builder` is scratch. */
  constructor(sortedSets: SortedSets, value: DecodedValue, builder: ListpackBuilder) {
    this.#sortedSets = sortedSets;
    this.#value = value;
    this.#builder = builder;
    this.#cursor = new ScoreCursor(sortedSets.large.heap);
  }

  /** Reads a listpack of members and scores. */
  listpack(reader: RdbReader): Steps | null {
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (!isValidListpack(textBytes, textView, textStart, textLength)) {
      throw reader.error('the listpack of a sorted set is damaged');
    }
    return this.#takePairs(reader, textBytes, textView, textStart, textLength);
  }

  /** Reads a ziplist of members and scores. */
  ziplist(reader: RdbReader): Steps | null {
    const builder = this.#builder;
    builder.begin();
    reader.string();
    const { textBytes, textView, textStart, textLength } = reader;
    if (!convertZiplist(textBytes, textView, textStart, textLength, builder)) {
      throw reader.error('the ziplist of a sorted set is damaged');
    }
    const length = builder.finish();
    return this.#takePairs(reader, builder.bytes, builder.view, 0, length);
  }

  /** Reads members and scores one by one; the scores as text, or as doubles. */
  members(reader: RdbReader, isText: boolean): Steps | null {
    const count = reader.count(isText ? 2 : 9);
    if (count > 0) return this.#build((root) => this.#read(reader, root, count, isText));
    this.#value.setEmpty(TYPE_ZSET);
    return null;
  }

  // --- What is read comes to the value

  /** Takes a sorted set that is a listpack, unless it is too large for that. */
  #takePairs(
    reader: RdbReader,
    bytes: Buffer,
    view: DataView,
    start: number,
    length: number,
  ): Steps | null {
    const elements = listpack.count(bytes, view, start);
    if (elements === 0) {
      this.#value.setEmpty(TYPE_ZSET);
      return null;
    }
    if (elements % 2 !== 0) throw reader.error('a member of a sorted set has no score');
    if (elements > this.#sortedSets.limits.entriesMax * 2) {
      return this.#build((root) => this.#addPairs(reader, root, bytes, view, start));
    }
    this.#requireOrder(reader, bytes, view, start);
    if (this.isDeep && hasDuplicates(bytes, view, start, 2)) throw reader.error(DUPLICATE);
    this.#value.setBytes(TYPE_ZSET, ZSET_LISTPACK, bytes, view, start, length);
    return null;
  }

  /** Throws unless all scores are numbers, and the elements in their order. */
  #requireOrder(reader: RdbReader, bytes: Buffer, view: DataView, start: number): void {
    const pairs = this.#pairs;
    const { field, value } = pairs;
    let before = 0;
    let beforeScore = Number.NEGATIVE_INFINITY;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      const text = value.textBytes(bytes);
      const score = parseDouble(text, value.textStart, value.textStart + value.textLength);
      if (Number.isNaN(score)) throw reader.error(NOT_A_NUMBER);
      const isTie = before !== 0 && score === beforeScore;
      if (score < beforeScore || (isTie && !follows(bytes, view, start, before, pairs))) {
        throw reader.error('the members of a sorted set are not in their order');
      }
      before = field.offset;
      beforeScore = score;
    }
  }

  /** Makes a large sorted set, and of that a small one if it is. */
  *#build(fill: (root: Ptr) => Generator<void, number, void>): Steps {
    const { large, limits } = this.#sortedSets;
    const root = large.create();
    let isNeeded = false;
    try {
      const longest = yield* fill(root);
      const isSmall = longest <= limits.memberBytesMax && large.count(root) <= limits.entriesMax;
      if (isSmall) this.#pack(root);
      else this.#value.setRoot(TYPE_ZSET, ZSET_SKIPLIST, root);
      isNeeded = !isSmall;
    } finally {
      if (!isNeeded) large.release(root, Number.POSITIVE_INFINITY);
    }
  }

  /** Takes what a large sorted set has as a listpack. */
  #pack(root: Ptr): void {
    const { members, tree, heap } = this.#sortedSets.large;
    const builder = this.#builder;
    const cursor = this.#cursor;
    builder.begin();
    for (let more = tree.seekRank(root, cursor, 0); more; more = cursor.next()) {
      const { record } = cursor;
      const extent = members.extent(record);
      const start = members.start(record);
      builder.add(heap.bytes[extent]!, heap.views[extent]!, start, members.length(record));
      // As in Redis -0 becomes 0 here.
      const scoreLength = writeDouble(this.#score, 0, members.score(record) + 0);
      builder.add(this.#score, this.#scoreView, 0, scoreLength);
    }
    const length = builder.finish();
    this.#value.setBytes(TYPE_ZSET, ZSET_LISTPACK, builder.bytes, builder.view, 0, length);
  }

  // --- Members; each returns the length of the longest

  *#read(
    reader: RdbReader,
    root: Ptr,
    count: number,
    isText: boolean,
  ): Generator<void, number, void> {
    const member = this.#member;
    let longest = 0;
    let pause = reader.offset + STEP_BYTES;
    for (let left = count; left > 0; left--) {
      reader.string();
      member.hold(reader.textBytes, reader.textView, reader.textStart, reader.textLength);
      const score = isText ? readScoreText(reader) : reader.double();
      this.#add(reader, root, score, member.bytes, member.view, 0, member.length);
      longest = Math.max(longest, member.length);
      if (reader.offset < pause) continue;
      yield;
      pause = reader.offset + STEP_BYTES;
    }
    return longest;
  }

  *#addPairs(
    reader: RdbReader,
    root: Ptr,
    bytes: Buffer,
    view: DataView,
    start: number,
  ): Generator<void, number, void> {
    const pairs = this.#pairs;
    const { field, value } = pairs;
    let longest = 0;
    let pause = MEMBERS_PER_STEP;
    for (let more = pairs.first(bytes, view, start); more; more = pairs.next(bytes, view, start)) {
      const scoreText = value.textBytes(bytes);
      const score = parseDouble(scoreText, value.textStart, value.textStart + value.textLength);
      const { textStart, textLength } = field;
      const text = field.textBytes(bytes);
      this.#add(reader, root, score, text, field.textView(view), textStart, textLength);
      longest = Math.max(longest, textLength);
      if (--pause > 0) continue;
      yield;
      pause = MEMBERS_PER_STEP;
    }
    return longest;
  }

  #add(
    reader: RdbReader,
    root: Ptr,
    score: number,
    bytes: Buffer,
    view: DataView,
    start: number,
    length: number,
  ): void {
    if (Number.isNaN(score)) throw reader.error(NOT_A_NUMBER);
    const { large } = this.#sortedSets;
    const hash = hashBytes(view, start, length);
    if (large.find(root, hash, bytes, view, start, length) !== NULL) throw reader.error(DUPLICATE);
    large.load(root, hash, score, bytes, view, start, length);
  }
}

/** Whether the member of a pair comes behind the one at an offset. */
function follows(
  bytes: Buffer,
  view: DataView,
  start: number,
  before: number,
  { field }: PackedPairs,
): boolean {
  const text = field.textBytes(bytes);
  const { textStart, textLength } = field;
  return listpack.compare(bytes, view, start, before, text, textStart, textLength) < 0;
}

/** A score as old versions stored it: the number of its characters, and those. */
function readScoreText(reader: RdbReader): number {
  const length = reader.byte();
  switch (length) {
    case SCORE_NAN:
      return Number.NaN;
    case SCORE_POSITIVE_INFINITY:
      return Number.POSITIVE_INFINITY;
    case SCORE_NEGATIVE_INFINITY:
      return Number.NEGATIVE_INFINITY;
  }
  reader.raw(length);
  return parseDouble(reader.textBytes, reader.textStart, reader.textStart + length);
}

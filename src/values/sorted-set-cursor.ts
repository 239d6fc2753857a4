/**
 * Going through a sorted set in its order, either way, whatever its encoding: one cursor is made
 * once and moved. It is good until the sorted set changes or moves.
 */
import type { Ptr } from '../memory/address.ts';
import { formatDouble } from '../protocol/numbers.ts';
import type { Reply } from '../protocol/reply.ts';
import { INT64_TEXT_MAX, Int64 } from '../structures/int64.ts';
import * as listpack from '../structures/listpack.ts';
import { FIRST_ENTRY } from '../structures/listpack-ends.ts';
import {
  END,
  isString,
  readInteger,
  sizeAt,
  sizeBefore,
  stringLength,
  stringStart,
} from '../structures/listpack-entry.ts';
import type { MemberRecords } from '../structures/member-records.ts';
import { ScoreCursor } from '../structures/score-tree-cursor.ts';
import type { Cell } from './cell.ts';
import { readScoreAt } from './sorted-set-packed.ts';

/** Records that are fetched together: the memory system keeps no more cache misses under way. */
const TOUCHED_TOGETHER = 16;

/** See the file's comment. */
export class SortedSetCursor {
  /** The member, after `read`: `length` bytes at `start`. */
  bytes: Buffer;
  view: DataView;
  start = 0;
  length = 0;
  /** The score, after `readScore`. */
  readonly score: Float64Array = new Float64Array(1);
  /** The place in a large one. */
  readonly place: ScoreCursor;
  /** What touching records returned: kept, lest the loads be optimised away. */
  touched = 0;
  readonly #members: MemberRecords;
  readonly #digits = Buffer.alloc(INT64_TEXT_MAX);
  readonly #digitsView = new DataView(this.#digits.buffer, this.#digits.byteOffset, INT64_TEXT_MAX);
  readonly #integer = new Int64();
  #isPacked = false;
  /** The listpack of a packed one, and where its member is. */
  #packed: Buffer;
  #packedView: DataView;
  #packedStart = 0;
  #at = 0;

  constructor(members: MemberRecords) {
    this.#members = members;
    this.place = new ScoreCursor(members.heap);
    this.bytes = this.#digits;
    this.view = this.#digitsView;
    this.#packed = this.#digits;
    this.#packedView = this.#digitsView;
  }

  /** Goes to the element of a rank of a packed sorted set. REQUIRES: there is one. */
  enterPacked({ bytes, view, start }: Cell, rank: number): void {
    this.#isPacked = true;
    this.#packed = bytes;
    this.#packedView = view;
    this.#packedStart = start;
    this.#at = start + listpack.atIndex(bytes, view, start, rank * 2);
  }

  /** Goes to where `place` is. */
  enterLarge(): void {
    this.#isPacked = false;
  }

  /** Goes on to the next element, as long as there is one: whether there is. */
  next(): boolean {
    if (!this.#isPacked) return this.place.next();
    const bytes = this.#packed;
    const view = this.#packedView;
    const score = this.#at + sizeAt(bytes, view, this.#at);
    const at = score + sizeAt(bytes, view, score);
    if (bytes[at] === END) return false;
    this.#at = at;
    return true;
  }

  /** Goes back to the element before, as long as there is one: whether there is. */
  previous(): boolean {
    if (!this.#isPacked) return this.place.previous();
    const bytes = this.#packed;
    if (this.#at === this.#packedStart + FIRST_ENTRY) return false;
    const score = this.#at - sizeBefore(bytes, this.#at);
    this.#at = score - sizeBefore(bytes, score);
    return true;
  }

  /** Makes `bytes`, `view`, `start` and `length` tell of the member. */
  read(): void {
    if (!this.#isPacked) this.#readRecord(this.place.record);
    else this.#readEntry();
  }

  /** As `read`, for the member of a record, wherever in a large sorted set that is. */
  readMemberOf(record: Ptr): void {
    this.#readRecord(record);
  }

  /** Makes `score` tell of the score. */
  readScore(): void {
    if (this.#isPacked) {
      const score = this.#at + sizeAt(this.#packed, this.#packedView, this.#at);
      readScoreAt(this.#packed, this.#packedView, score, this.score);
    } else {
      this.place.readScore(this.score);
    }
  }

  /**
   * Answers with the members of so many elements from here on, one after the other, each followed
   * by its score if wanted: in RESP3, and always when `inPairs`, as an array of two. REQUIRES:
   * there are so many.
   */
  write(
    reply: Reply,
    elements: number,
    isBackward: boolean,
    withScores: boolean,
    inPairs: boolean,
  ): void {
    if (!this.#isPacked && !withScores) {
      this.#writeMembers(reply, elements, isBackward);
      return;
    }
    let touched = this.#isPacked ? elements : 0;
    for (let left = elements; left > 0; left--) {
      if (touched === 0) {
        touched = Math.min(left, TOUCHED_TOGETHER);
        this.touched = this.place.touchRecords(touched, isBackward);
      }
      touched--;
      this.read();
      if (inPairs) reply.array(2);
      reply.bulk(this.bytes, this.view, this.start, this.length);
      if (withScores) {
        this.readScore();
        reply.double(this.score[0]!);
      }
      if (left === 1) return;
      if (isBackward) this.previous();
      else this.next();
    }
  }

  /** Answers with the score as a text. */
  writeScoreText(reply: Reply): void {
    this.readScore();
    reply.text(formatDouble(this.score[0]!));
  }

  /** Answers with members of a large one only: leaf by leaf, which takes less for each. */
  #writeMembers(reply: Reply, elements: number, isBackward: boolean): void {
    const { place } = this;
    const members = this.#members;
    const { bytes, views } = members.heap;
    const step = isBackward ? -1 : 1;
    for (let left = elements; left > 0; ) {
      const some = Math.min(left, TOUCHED_TOGETHER, place.leafRest(isBackward));
      if (place.ready < some) this.touched = place.touchRecords(some, isBackward);
      place.ready -= some;
      for (let i = 0; i < some; i++) {
        const record = place.recordBeside(i * step);
        const extent = members.extent(record);
        members.open(record);
        reply.bulk(bytes[extent]!, views[extent]!, members.openStart, members.openLength);
      }
      left -= some;
      if (left > 0) place.pass(some, isBackward);
    }
  }

  #readRecord(record: Ptr): void {
    const members = this.#members;
    const extent = members.extent(record);
    this.bytes = members.heap.bytes[extent]!;
    this.view = members.heap.views[extent]!;
    members.open(record);
    this.start = members.openStart;
    this.length = members.openLength;
  }

  #readEntry(): void {
    const bytes = this.#packed;
    const view = this.#packedView;
    const at = this.#at;
    if (isString(bytes[at]!)) {
      this.bytes = bytes;
      this.view = view;
      this.start = stringStart(bytes, at);
      this.length = stringLength(bytes, view, at);
    } else {
      readInteger(bytes, view, at, this.#integer);
      this.bytes = this.#digits;
      this.view = this.#digitsView;
      this.start = 0;
      this.length = this.#integer.write(this.#digits, 0);
    }
  }
}

/**
 * What the last search of a hash table has found, for `replace` and `remove`: a record's place, or
 * the record alone, whose place is then looked for when it is wanted.
 */
import { NULL, type Ptr } from '../memory/address.ts';

const SEGMENT = 0;
const HOME = 1;
const BUCKET = 2;
const SLOT = 3;
const HASH = 4;
const ROOT = 5;
const RECORD = 6;
const WORDS = 7;

/** See the file's comment. */
export class FoundRecord {
  /** Not fields: larger integers than 31 bits would be objects there. */
  readonly #words = new Uint32Array(WORDS);

  /** Whether more is known than the record. */
  get hasPlace(): boolean {
    return this.#words[SEGMENT] !== NULL;
  }

  get segment(): Ptr {
    return this.#words[SEGMENT]! as Ptr;
  }

  /** The bucket where a record with this hash is looked for first. */
  get home(): number {
    return this.#words[HOME]!;
  }

  get bucket(): number {
    return this.#words[BUCKET]!;
  }

  get slot(): number {
    return this.#words[SLOT]!;
  }

  get hash(): number {
    return this.#words[HASH]!;
  }

  /** The table. REQUIRES: the place is not known. */
  get root(): Ptr {
    return this.#words[ROOT]! as Ptr;
  }

  /** REQUIRES: the place is not known. */
  get record(): Ptr {
    return this.#words[RECORD]! as Ptr;
  }

  setPlace(segment: Ptr, home: number, bucket: number, slot: number, hash: number): void {
    const words = this.#words;
    words[SEGMENT] = segment;
    words[HOME] = home;
    words[BUCKET] = bucket;
    words[SLOT] = slot;
    words[HASH] = hash;
  }

  setRecord(root: Ptr, hash: number, record: Ptr): void {
    const words = this.#words;
    words[SEGMENT] = NULL;
    words[HASH] = hash;
    words[ROOT] = root;
    words[RECORD] = record;
  }
}

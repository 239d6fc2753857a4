/**
 * The table of large sets and hashes, built to be small: 26 bytes for a member of 20 bytes all in,
 * where a keyspace's table with a record per member takes 32. packed-table-layout.ts draws its
 * bytes.
 *
 * A bucket is one block of the heap, little larger than its entries, which are packed back to
 * back: some 14 members of 20 bytes. The low bits of a hash choose the bucket, its top 8 bits are
 * the tag that is compared before the member. Longer parts have a block of their own, so that a
 * bucket stays a few hundred bytes and moving it is cheap.
 *
 * The table grows by linear hashing: whenever the entries outgrow the buckets, one more bucket
 * takes half of another one, in the order of bucket numbers. Members of a bucket have the low bits
 * of their hashes in common, so buckets are intervals in the order of reversed hashes: a position
 * in that order stays what it is while buckets come and go.
 *
 * Rejected: a record per member in HashTable (8 index bytes and rounding to 8 for each), buckets
 * of fixed size (a quarter of them is empty on average), listpacks in buckets (no tags: finding
 * reads all lengths in a bucket one after the other), splitting full buckets rather than the next
 * ones (the directory is four times as long and doubles at once).
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';
import { PackedGrowth } from './packed-growth.ts';
import { PackedSampling } from './packed-sampling.ts';
import { PackedSearch, POSITION_END, unsigned } from './packed-search.ts';
import { PackedSweep } from './packed-sweep.ts';
import {
  BUCKET_ENTRIES_MAX,
  CROWDED_ENTRIES,
  FAR,
  FAR_LENGTH,
  FAR_MEMBER_BYTES,
  FAR_VALUE_BYTES,
  isFarValue,
  KIND_HASH,
  KIND_SET,
  MEMBER_NEAR_MAX,
  ROOT_BUCKETS,
  ROOT_COUNT,
  ROOT_DATA_OFFSET,
  ROOT_FULLEST,
  ROOT_KIND,
  ROOT_USED_OFFSET,
  rootSum,
  SIZE_MASK,
  setRootSum,
  type TableWitness,
} from './packed-table-layout.ts';

/** What an entry counts for beside its bytes, when it is asked whether there are enough buckets. */
const ENTRY_LOAD = 12;
/** Load per bucket above which a bucket is added, and below which one is taken away. */
const LOAD_MAX = 448;
const LOAD_MIN = 288;

/** Choosing more than one entry in so many goes through all of them instead. */
const SAMPLE_SHARE = 64;

/**
 * Operations on sets and hashes of any size; the table itself is just its root address. Bytes that
 * are passed in must not lie in the table that they change. What `find`, `entry` and `random` find
 * is in the fields of PackedEntry, and may be removed or given another value, once.
 */
export class PackedTable extends PackedSearch {
  /** Told before each change; null while nobody wants to know. */
  witness: TableWitness | null = null;
  readonly #growth: PackedGrowth;
  readonly #sweep: PackedSweep;
  readonly #sampling: PackedSampling;

  constructor(heap: Heap) {
    super(heap);
    this.#growth = new PackedGrowth(heap, this.index, this.buckets);
    this.#sweep = new PackedSweep(heap, this.index, this.farParts);
    this.#sampling = new PackedSampling(heap, this.index, this.buckets);
  }

  /** Makes an empty hash, or an empty set. Throws OutOfMemoryError. */
  create(hasValues: boolean): Ptr {
    return this.#sweep.create(hasValues ? KIND_HASH : KIND_SET);
  }

  /** Members of a set, fields of a hash. */
  count(root: Ptr): number {
    return this.heap.word(root, ROOT_COUNT);
  }

  /** Bytes of all blocks of the table. */
  usedBytes(root: Ptr): number {
    return rootSum(this.heap, root, ROOT_USED_OFFSET);
  }

  /**
   * Adds a member to a set; false if it is there. Throws OutOfMemoryError, with nothing changed.
   */
  add(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    if (this.search(root, KIND_SET, hash, bytes, view, offset, length)) return false;
    if (this.witness !== null) this.#announce(this.witness, root);
    const before = this.heap.usedBytes;
    if (length <= MEMBER_NEAR_MAX) {
      this.#insert(root, hash, length, bytes, view, offset, length, 0, bytes, view, 0);
    } else {
      this.#insertFar(root, hash, bytes, view, offset, length, bytes, view, 0, 0);
    }
    this.#addUsed(root, this.heap.usedBytes - before);
    return true;
  }

  /**
   * Gives a field of a hash a value; whether the field is new. Throws OutOfMemoryError, with
   * nothing changed.
   */
  put(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
    vBytes: Buffer,
    vView: DataView,
    vOffset: number,
    vLength: number,
  ): boolean {
    if (this.search(root, KIND_HASH, hash, bytes, view, offset, length)) {
      this.replaceValue(root, vBytes, vView, vOffset, vLength);
      return false;
    }
    if (this.witness !== null) this.#announce(this.witness, root);
    const before = this.heap.usedBytes;
    if (length > MEMBER_NEAR_MAX || isFarValue(length, vLength)) {
      this.#insertFar(root, hash, bytes, view, offset, length, vBytes, vView, vOffset, vLength);
    } else {
      const size = 1 + length + vLength;
      this.#insert(root, hash, size, bytes, view, offset, length, vLength, vBytes, vView, vOffset);
    }
    this.#addUsed(root, this.heap.usedBytes - before);
    return true;
  }

  /**
   * Gives the field that `find` or `entry` found last another value. Throws OutOfMemoryError, with
   * nothing changed.
   */
  replaceValue(root: Ptr, bytes: Buffer, view: DataView, offset: number, length: number): void {
    if (this.witness !== null) this.#announce(this.witness, root);
    const block = unsigned(this.foundBlock);
    const extent = block >>> EXTENT_SHIFT;
    const own = this.heap.bytes[extent]!;
    const start = this.foundStart;
    const old = own[start]!;
    const size = this.buckets.shape(block, this.foundSlot) & SIZE_MASK;
    const memberSize = size - 1 - (old & SIZE_MASK);
    const isFar = isFarValue(memberSize, length);
    if (!isFar && old === length) {
      copyBytes(bytes, view, offset, own, this.heap.views[extent]!, start + size - length, length);
      return;
    }
    const before = this.heap.usedBytes;
    const wasFar = (old & FAR) !== 0;
    if (!isFar) this.#setValue(root, memberSize, length, bytes, view, offset);
    else if (!(wasFar && this.#overwriteFar(start + size, bytes, view, offset, length))) {
      this.#setFarValue(root, memberSize, bytes, view, offset, length);
    }
    this.#addUsed(root, this.heap.usedBytes - before);
  }

  /** Takes a member out; whether it was there. */
  remove(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const kind = this.heap.word(root, ROOT_KIND);
    if (!this.search(root, kind, hash, bytes, view, offset, length)) return false;
    this.removeFound(root);
    return true;
  }

  /** Takes out what `find`, `entry` or `random` found last. REQUIRES: nothing has changed since. */
  removeFound(root: Ptr): void {
    if (this.witness !== null) this.#announce(this.witness, root);
    const { heap, buckets } = this;
    this.ahead.forget();
    const before = heap.usedBytes;
    const block = unsigned(this.foundBlock);
    const slot = this.foundSlot;
    const shape = buckets.shape(block, slot);
    this.farParts.free(heap.word(root, ROOT_KIND), block, shape, this.foundStart);
    buckets.remove(block, slot, this.foundStart);
    const shrunk = buckets.shrunk(block);
    if (shrunk !== block) this.index.setBlock(root, this.foundBucket, shrunk);
    heap.setWord(root, ROOT_COUNT, heap.word(root, ROOT_COUNT) - 1);
    this.#addData(root, -(shape & SIZE_MASK));
    this.#addUsed(root, heap.usedBytes - before);
  }

  /** Finds an entry, all with equal chances; false if there is none. `random()` is in [0, 1). */
  random(root: Ptr, random: () => number): boolean {
    const block = this.#sampling.choose(root, random);
    if (block === NULL) return false;
    this.foundBucket = this.#sampling.bucket;
    this.foundBlock = block | 0;
    this.foundSlot = this.#sampling.slot;
    this.foundStart = this.buckets.entryStart(block, this.foundSlot);
    this.openFound(this.heap.word(root, ROOT_KIND));
    return true;
  }

  /**
   * Brings into the cache what `random` reads when it is given these numbers, two for each draw.
   */
  fetchDrawn(root: Ptr, numbers: Float64Array, draws: number): number {
    return this.#sampling.fetch(root, numbers, draws);
  }

  /**
   * Finds so many different entries, or all if there are no more, every choice with equal chances,
   * and calls back for each. `visit` may not change the table.
   */
  randomMany(root: Ptr, count: number, random: () => number, visit: () => void): void {
    let left = this.count(root);
    let wanted = Math.min(count, left);
    if (wanted * SAMPLE_SHARE < left) {
      const chosen = new Set<number>();
      while (chosen.size < wanted) {
        this.random(root, random);
        const place = this.foundBucket * (BUCKET_ENTRIES_MAX + 1) + this.foundSlot;
        if (chosen.has(place)) continue;
        chosen.add(place);
        visit();
      }
      return;
    }
    let position = 0;
    while (wanted > 0) {
      const found = this.scanBucket(root, position);
      position = this.nextPosition;
      for (let i = 0; i < found; i++) {
        if (random() * left-- >= wanted) continue;
        wanted--;
        this.entry(i);
        visit();
      }
    }
  }

  /**
   * Frees about `blocksMax` blocks; true once nothing is left of the table. After the first call
   * only `visitBlocks` and further calls are allowed.
   */
  release(root: Ptr, blocksMax: number): boolean {
    this.ahead.forget();
    const before = this.heap.usedBytes;
    if (this.#sweep.release(root, blocksMax)) return true;
    this.#addUsed(root, this.heap.usedBytes - before);
    return false;
  }

  /** A table of the same entries that shares nothing. Throws OutOfMemoryError, leaving nothing. */
  copy(root: Ptr): Ptr {
    return this.#sweep.copy(root);
  }

  /** Calls back with the address of every block of the table, for the heap checker. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    this.#sweep.visitBlocks(root, visit);
  }

  /**
   * Moves the root and the directory if they lie on evacuated pages; returns the root's address.
   */
  relocateRoot(root: Ptr): Ptr {
    this.ahead.forget();
    return this.#sweep.relocateRoot(root);
  }

  /**
   * Moves what lies on evacuated pages of one bucket, as `scanBucket` goes through them, and its
   * chunk of the index. Returns the next position, 0 at the end.
   */
  relocate(root: Ptr, position: number): number {
    this.ahead.forget();
    const bucket = this.bucketAt(root, position);
    this.advance(root, bucket);
    this.#sweep.relocateBucket(root, bucket);
    return this.nextPosition;
  }

  /** Says that the bucket of the last search is about to change. */
  #announce(witness: TableWitness, root: Ptr): void {
    const { nextPosition } = this;
    const start = this.advance(root, this.foundBucket);
    witness.placesChanging(root, start, this.nextPosition || POSITION_END);
    // Who is in the middle of a scan goes on where it was.
    this.nextPosition = nextPosition;
  }

  /** Inserts an entry of which a part is far. */
  #insertFar(
    root: Ptr,
    hash: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
    vBytes: Buffer,
    vView: DataView,
    vOffset: number,
    vLength: number,
  ): void {
    const { heap, farParts } = this;
    const isHash = heap.word(root, ROOT_KIND) === KIND_HASH;
    const size = length > MEMBER_NEAR_MAX ? FAR_MEMBER_BYTES : length;
    const hasFarValue = isHash && isFarValue(size, vLength);
    let member = NULL;
    let value = NULL;
    try {
      if (length > MEMBER_NEAR_MAX) {
        member = farParts.storeMember(hash, bytes, view, offset, length);
        bytes = farParts.bytes;
        view = farParts.view;
        offset = 0;
      }
      if (hasFarValue) {
        value = farParts.storeValue(vBytes, vView, vOffset, vLength);
        vBytes = farParts.bytes;
        vView = farParts.view;
        vOffset = farParts.valueAt;
      }
      const vShape = hasFarValue ? FAR | FAR_VALUE_BYTES : vLength;
      const shape = isHash ? 1 + size + (vShape & SIZE_MASK) : size;
      const far = member === NULL ? 0 : FAR;
      this.#insert(
        root,
        hash,
        far | shape,
        bytes,
        view,
        offset,
        size,
        vShape,
        vBytes,
        vView,
        vOffset,
      );
    } catch (problem) {
      if (member !== NULL) heap.free(member);
      if (value !== NULL) heap.free(value);
      throw problem;
    }
  }

  /**
   * Inserts an entry in the bucket where it was not found. Its member takes `size` bytes of the
   * entry, its value what `vShape` says; a set's entry is all member.
   */
  #insert(
    root: Ptr,
    hash: number,
    shape: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    size: number,
    vShape: number,
    vBytes: Buffer,
    vView: DataView,
    vOffset: number,
  ): void {
    const { heap, buckets } = this;
    this.ahead.forget();
    const old = unsigned(this.foundBlock);
    const block = buckets.withRoom(old, 1, shape & SIZE_MASK);
    if (block !== old) this.index.setBlock(root, this.foundBucket, block);
    const extent = block >>> EXTENT_SHIFT;
    const own = heap.bytes[extent]!;
    const ownView = heap.views[extent]!;
    let at = buckets.append(block, hash >>> 24, shape);
    if ((shape & SIZE_MASK) !== size) {
      own[at++] = vShape;
      copyBytes(vBytes, vView, vOffset, own, ownView, at + size, vShape & SIZE_MASK);
    }
    copyBytes(bytes, view, offset, own, ownView, at, size);
    const words = heap.words[root >>> EXTENT_SHIFT]!;
    const rootAt = (root & UNIT_MASK) << 1;
    words[rootAt + ROOT_COUNT]!++;
    const count = buckets.count(block);
    // Most buckets weigh less whatever their shift.
    if (count * 2 > words[rootAt + ROOT_FULLEST]!) {
      this.#growth.noteCount(root, this.foundBucket, count);
    }
    this.#addData(root, shape & SIZE_MASK);
    if (count > CROWDED_ENTRIES) this.#growth.relieve(root, this.foundBucket, count);
  }

  /**
   * Replaces the value of the entry found last by one that takes `shape & SIZE_MASK` bytes of it.
   */
  #setValue(
    root: Ptr,
    memberSize: number,
    shape: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
  ): void {
    const { heap, buckets } = this;
    this.ahead.forget();
    const slot = this.foundSlot;
    const old = unsigned(this.foundBlock);
    const oldShape = heap.bytes[old >>> EXTENT_SHIFT]![this.foundStart]!;
    const delta = (shape & SIZE_MASK) - (oldShape & SIZE_MASK);
    let block = delta > 0 ? buckets.withRoom(old, 0, delta) : old;
    const extent = block >>> EXTENT_SHIFT;
    const own = heap.bytes[extent]!;
    const ownView = heap.views[extent]!;
    let start = block === old ? this.foundStart : buckets.entryStart(block, slot);
    const keptBytes = 1 + memberSize;
    const oldValueAt = start + keptBytes;
    const far = (oldShape & FAR) === 0 ? NULL : (ownView.getUint32(oldValueAt, true) as Ptr);
    start = buckets.resizeEntry(block, slot, start, keptBytes, delta);
    own[start] = shape;
    copyBytes(bytes, view, offset, own, ownView, start + keptBytes, shape & SIZE_MASK);
    if (far !== NULL) heap.free(far);
    if (delta < 0) block = buckets.shrunk(block);
    if (block !== old) this.index.setBlock(root, this.foundBucket, block);
    this.#addData(root, delta);
  }

  #setFarValue(
    root: Ptr,
    memberSize: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): void {
    const { farParts } = this;
    const far = farParts.storeValue(bytes, view, offset, length);
    try {
      const shape = FAR | FAR_VALUE_BYTES;
      this.#setValue(root, memberSize, shape, farParts.bytes, farParts.view, farParts.valueAt);
    } catch (problem) {
      this.heap.free(far);
      throw problem;
    }
  }

  /**
   * Copies a value over the far one of the entry that ends at `end`, if there is one of its size.
   */
  #overwriteFar(
    end: number,
    bytes: Buffer,
    view: DataView,
    offset: number,
    length: number,
  ): boolean {
    const { heap } = this;
    const own = heap.views[this.foundBlock >>> EXTENT_SHIFT]!;
    const far = own.getUint32(end - FAR_VALUE_BYTES, true) as Ptr;
    if (!heap.fits(heap.capacity(far), length)) return false;
    const extent = far >>> EXTENT_SHIFT;
    const start = (far & UNIT_MASK) << 3;
    copyBytes(bytes, view, offset, heap.bytes[extent]!, heap.views[extent]!, start, length);
    own.setUint32(end - FAR_VALUE_BYTES + FAR_LENGTH, length, true);
    return true;
  }

  /** Adds to the bytes of entries, and adds or drops a bucket if there are now too few or many. */
  #addData(root: Ptr, delta: number): void {
    const { heap } = this;
    const data = rootSum(heap, root, ROOT_DATA_OFFSET) + delta;
    setRootSum(heap, root, ROOT_DATA_OFFSET, data);
    const load = data + heap.word(root, ROOT_COUNT) * ENTRY_LOAD;
    const buckets = heap.word(root, ROOT_BUCKETS);
    if (delta > 0) {
      if (load > buckets * LOAD_MAX) this.#growth.grow(root);
    } else if (load < buckets * LOAD_MIN) this.#growth.shrink(root);
  }

  #addUsed(root: Ptr, delta: number): void {
    if (delta === 0) return;
    const { heap } = this;
    setRootSum(heap, root, ROOT_USED_OFFSET, rootSum(heap, root, ROOT_USED_OFFSET) + delta);
  }
}

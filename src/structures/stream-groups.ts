/**
 * The consumer groups of streams: which consumer has been given which entries.
 *
 *   group          | name length u32 | - | pending: tree (16) | last id (16) | entries read i64
 *                  | consumers: list (8) | name |
 *   consumer       | name length u32 | - | pending: tree (16) | seen ms f64 | active ms f64 | name
 *   pending (24 B) | delivered ms f64 | deliveries i64 | consumer u32 | - |
 *
 * A pending entry is one block, which the tree of its group and that of its consumer both have. A
 * consumer that never was active says so by -1.
 *
 * Groups and consumers are addresses of their blocks, and do not move. Names are arguments.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { Heap } from '../memory/heap.ts';
import type { Args } from '../protocol/args.ts';
import type { IdTree } from './id-tree.ts';
import { IdCursor } from './id-tree-cursor.ts';
import { ENTRIES_MAX } from './id-tree-node.ts';
import type { Int64 } from './int64.ts';
import { NAME_LENGTH, NameList } from './name-list.ts';
import { StreamId } from './stream-id.ts';
import {
  groupsOf,
  incrementInt64At,
  readInt64At,
  writeIdAt,
  writeInt64At,
} from './stream-layout.ts';

/** In words. */
export const GROUP_LAST_ID = 6;
export const GROUP_ENTRIES_READ = 10;
/** In units of addresses. */
const PENDING = 1;
const CONSUMERS = 6;

const GROUP_BYTES = 56;
/** In bytes. */
const CONSUMER_SEEN = 24;
const CONSUMER_ACTIVE = 32;
const CONSUMER_BYTES = 40;

/** In bytes. */
const PENDING_DELIVERED = 0;
/** In words. */
const PENDING_DELIVERIES = 2;
const PENDING_CONSUMER = 4;
const PENDING_BYTES = 24;

/** Of a consumer that never was active. */
export const NEVER = -1;

/** See the file's comment. One per engine serves all streams. */
export class StreamGroups {
  readonly heap: Heap;
  readonly tree: IdTree;
  readonly groups: NameList;
  readonly consumers: NameList;
  /** The pending entry in hand: whoever goes through a tree of them moves it. */
  readonly cursor: IdCursor;
  readonly #id = new StreamId();
  readonly #batch = new Uint32Array(ENTRIES_MAX);

  constructor(heap: Heap, tree: IdTree) {
    this.heap = heap;
    this.tree = tree;
    this.groups = new NameList(heap, GROUP_BYTES);
    this.consumers = new NameList(heap, CONSUMER_BYTES);
    this.cursor = new IdCursor(tree.nodes);
  }

  // --- Groups

  /** The group of this name, or NULL. */
  find(root: Ptr, args: Args, name: number): Ptr {
    return this.groups.find(groupsOf(root), args.bytes, args.start(name), args.length(name));
  }

  /** REQUIRES: there is no group of this name. Throws OutOfMemoryError, with nothing changed. */
  create(root: Ptr, args: Args, name: number, lastId: StreamId, entriesRead: bigint): Ptr {
    const group = this.#newRecord(this.groups, GROUP_BYTES, args, name);
    writeIdAt(this.heap, group, GROUP_LAST_ID, lastId);
    writeInt64At(this.heap, group, GROUP_ENTRIES_READ, entriesRead);
    this.#insert(this.groups, groupsOf(root), group);
    return group;
  }

  /** Gives a group to another stream, which has none. Throws OutOfMemoryError. */
  move(root: Ptr, group: Ptr, target: Ptr): void {
    this.groups.insert(groupsOf(target), group);
    this.groups.remove(groupsOf(root), group);
  }

  // --- Consumers

  /** The list of a group's consumers. */
  consumersOf(group: Ptr): Ptr {
    return (group + CONSUMERS) as Ptr;
  }

  /** The consumer of this name, or NULL. */
  findConsumer(group: Ptr, args: Args, name: number): Ptr {
    const list = this.consumersOf(group);
    return this.consumers.find(list, args.bytes, args.start(name), args.length(name));
  }

  /** REQUIRES: there is no consumer of this name. Throws OutOfMemoryError, with nothing changed. */
  createConsumer(group: Ptr, args: Args, name: number, nowMs: number): Ptr {
    const consumer = this.#newRecord(this.consumers, CONSUMER_BYTES, args, name);
    this.#setTime(consumer, CONSUMER_SEEN, nowMs);
    this.#setTime(consumer, CONSUMER_ACTIVE, NEVER);
    this.#insert(this.consumers, this.consumersOf(group), consumer);
    return consumer;
  }

  /** Removes a consumer, and from its group what is pending with it; how many entries that were. */
  removeConsumer(group: Ptr, consumer: Ptr): number {
    const { tree, heap } = this;
    const cursor = this.cursor;
    const own = this.pendingOf(consumer);
    const pending = tree.count(own);
    for (let more = tree.first(own, cursor); more; more = cursor.next()) {
      cursor.readId(this.#id);
      heap.free(tree.remove(this.pendingOf(group), this.#id));
    }
    while (tree.drain(own, this.#batch) >= 0);
    this.consumers.remove(this.consumersOf(group), consumer);
    heap.free(consumer);
    return pending;
  }

  /** When a consumer was last heard of, in ms since the epoch. */
  seenMs(consumer: Ptr): number {
    return this.#time(consumer, CONSUMER_SEEN);
  }

  setSeen(consumer: Ptr, nowMs: number): void {
    this.#setTime(consumer, CONSUMER_SEEN, nowMs);
  }

  /** When a consumer last was given an entry, or NEVER. */
  activeMs(consumer: Ptr): number {
    return this.#time(consumer, CONSUMER_ACTIVE);
  }

  setActive(consumer: Ptr, nowMs: number): void {
    this.#setTime(consumer, CONSUMER_ACTIVE, nowMs);
  }

  // --- Pending entries

  /** The tree of what is pending in a group or with a consumer. */
  pendingOf(record: Ptr): Ptr {
    return (record + PENDING) as Ptr;
  }

  /** Entries pending in a group or with a consumer. */
  pendingCount(record: Ptr): number {
    return this.tree.count(this.pendingOf(record));
  }

  /** The pending entry of an id, or NULL. */
  pending(group: Ptr, id: StreamId): Ptr {
    return this.tree.find(this.pendingOf(group), id);
  }

  /** REQUIRES: the id is not pending. Throws OutOfMemoryError, with nothing changed. */
  add(group: Ptr, consumer: Ptr, id: StreamId, nowMs: number, deliveries: number): Ptr {
    const { heap, tree } = this;
    const pending = heap.alloc(PENDING_BYTES);
    this.setDelivered(pending, nowMs);
    heap.setWord(pending, PENDING_DELIVERIES, deliveries);
    heap.setWord(pending, PENDING_DELIVERIES + 1, 0);
    heap.setWord(pending, PENDING_CONSUMER, consumer);
    try {
      tree.insert(this.pendingOf(group), id, pending);
      tree.insert(this.pendingOf(consumer), id, pending);
    } catch (refusal) {
      tree.remove(this.pendingOf(group), id);
      heap.free(pending);
      throw refusal;
    }
    return pending;
  }

  /**
   * Adds an entry that is pending with nobody yet, behind the others; for loading, which then gives
   * it an owner. False when its id is not the greatest. Throws OutOfMemoryError, with nothing
   * changed.
   */
  addUnowned(group: Ptr, id: StreamId, deliveredMs: number, deliveries: Int64): boolean {
    const { heap, tree, cursor } = this;
    const list = this.pendingOf(group);
    if (tree.last(list, cursor)) {
      cursor.readId(this.#id);
      if (!this.#id.isBefore(id)) return false;
    }
    const pending = heap.alloc(PENDING_BYTES);
    this.setDelivered(pending, deliveredMs);
    heap.setWord(pending, PENDING_DELIVERIES, deliveries.low);
    heap.setWord(pending, PENDING_DELIVERIES + 1, deliveries.high);
    heap.setWord(pending, PENDING_CONSUMER, NULL);
    try {
      tree.append(list, id, pending);
    } catch (refusal) {
      heap.free(pending);
      throw refusal;
    }
    return true;
  }

  /**
   * Gives a pending entry that nobody has to a consumer; false when it is not pending, or another
   * has it. Throws OutOfMemoryError, with nothing changed.
   */
  own(group: Ptr, consumer: Ptr, id: StreamId): boolean {
    const pending = this.pending(group, id);
    if (pending === NULL || this.consumerOf(pending) !== NULL) return false;
    this.tree.insert(this.pendingOf(consumer), id, pending);
    this.heap.setWord(pending, PENDING_CONSUMER, consumer);
    return true;
  }

  /** Gives a pending entry to a consumer. Throws OutOfMemoryError, with nothing changed. */
  assign(pending: Ptr, id: StreamId, consumer: Ptr): void {
    const owner = this.consumerOf(pending);
    if (owner === consumer) return;
    this.tree.insert(this.pendingOf(consumer), id, pending);
    this.tree.remove(this.pendingOf(owner), id);
    this.heap.setWord(pending, PENDING_CONSUMER, consumer);
  }

  /** Forgets that an id is pending; whether it was. */
  remove(group: Ptr, id: StreamId): boolean {
    const pending = this.tree.remove(this.pendingOf(group), id);
    if (pending === NULL) return false;
    this.tree.remove(this.pendingOf(this.consumerOf(pending)), id);
    this.heap.free(pending);
    return true;
  }

  consumerOf(pending: Ptr): Ptr {
    return this.heap.word(pending, PENDING_CONSUMER) as Ptr;
  }

  /** When an entry was last delivered, in ms since the epoch. */
  deliveredMs(pending: Ptr): number {
    return this.#time(pending, PENDING_DELIVERED);
  }

  setDelivered(pending: Ptr, nowMs: number): void {
    this.#setTime(pending, PENDING_DELIVERED, nowMs);
  }

  /** How often an entry was delivered. */
  deliveries(pending: Ptr): bigint {
    return readInt64At(this.heap, pending, PENDING_DELIVERIES);
  }

  setDeliveries(pending: Ptr, deliveries: bigint): void {
    writeInt64At(this.heap, pending, PENDING_DELIVERIES, deliveries);
  }

  countDelivery(pending: Ptr): void {
    incrementInt64At(this.heap, pending, PENDING_DELIVERIES);
  }

  // --- All groups of a stream

  /** Frees about so many blocks of a stream's groups, at least one; how many, 0 for no more. */
  release(root: Ptr, blocksMax: number): number {
    let freed = 0;
    while (freed < blocksMax) {
      const group = this.groups.last(groupsOf(root));
      if (group === NULL) return freed;
      freed += this.#releasePart(root, group);
    }
    return freed;
  }

  /** Adds copies of the groups of a stream to another, which has none. Throws OutOfMemoryError. */
  copy(root: Ptr, target: Ptr): void {
    const list = groupsOf(root);
    let group = this.groups.first(list);
    for (; group !== NULL; group = this.groups.next(list, group)) {
      const copy = this.#copyRecord(group, GROUP_BYTES);
      this.#clearWords(copy, CONSUMERS * 2, 2);
      this.#insert(this.groups, groupsOf(target), copy);
      this.#copyPending(group, copy, this.#copyConsumers(group, copy));
    }
  }

  /** Calls back with every block of a stream's groups, also while they are being released. */
  visitBlocks(root: Ptr, visit: (block: Ptr) => void): void {
    const list = groupsOf(root);
    this.groups.visitBlocks(list, visit);
    let group = this.groups.first(list);
    for (; group !== NULL; group = this.groups.next(list, group)) this.#visitGroup(group, visit);
  }

  #visitGroup(group: Ptr, visit: (block: Ptr) => void): void {
    const { nodes } = this.tree;
    visit(group);
    this.tree.visitBlocks(this.pendingOf(group), (node) => {
      visit(node);
      if (nodes.level(node) > 0) return;
      for (let slot = 0; slot < nodes.count(node); slot++) visit(nodes.value(node, slot));
    });
    const list = this.consumersOf(group);
    this.consumers.visitBlocks(list, visit);
    let consumer = this.consumers.first(list);
    for (; consumer !== NULL; consumer = this.consumers.next(list, consumer)) {
      visit(consumer);
      this.tree.visitBlocks(this.pendingOf(consumer), visit);
    }
  }

  /** Frees some of the last group; how many blocks. */
  #releasePart(root: Ptr, group: Ptr): number {
    const { heap, tree } = this;
    const entries = tree.drain(this.pendingOf(group), this.#batch);
    if (entries >= 0) {
      for (let i = 0; i < entries; i++) heap.free(this.#batch[i]! as Ptr);
      return entries + 1;
    }
    const consumer = this.consumers.last(this.consumersOf(group));
    if (consumer === NULL) {
      this.groups.pop(groupsOf(root));
      heap.free(group);
    } else if (tree.drain(this.pendingOf(consumer), this.#batch) < 0) {
      this.consumers.pop(this.consumersOf(group));
      heap.free(consumer);
    }
    return 1;
  }

  /** Copies the consumers of a group, without what is pending; where the copy of each is. */
  #copyConsumers(group: Ptr, copy: Ptr): Map<Ptr, Ptr> {
    const copies = new Map<Ptr, Ptr>();
    const list = this.consumersOf(group);
    let consumer = this.consumers.first(list);
    for (; consumer !== NULL; consumer = this.consumers.next(list, consumer)) {
      const copied = this.#copyRecord(consumer, CONSUMER_BYTES);
      this.#insert(this.consumers, this.consumersOf(copy), copied);
      copies.set(consumer, copied);
    }
    return copies;
  }

  #copyPending(group: Ptr, copy: Ptr, consumers: ReadonlyMap<Ptr, Ptr>): void {
    const { tree, heap } = this;
    const cursor = this.cursor;
    const id = this.#id;
    for (let more = tree.first(this.pendingOf(group), cursor); more; more = cursor.next()) {
      cursor.readId(id);
      const pending = cursor.value;
      const consumer = consumers.get(this.consumerOf(pending))!;
      const copied = this.add(copy, consumer, id, this.deliveredMs(pending), 0);
      for (const word of [PENDING_DELIVERIES, PENDING_DELIVERIES + 1]) {
        heap.setWord(copied, word, heap.word(pending, word));
      }
    }
  }

  // --- Blocks

  /** A block with a name, all zero before that. */
  #newRecord(list: NameList, fixedBytes: number, args: Args, name: number): Ptr {
    const { heap } = this;
    const length = args.length(name);
    const record = heap.alloc(fixedBytes + length);
    this.#clearWords(record, 0, fixedBytes / 4);
    heap.setWord(record, NAME_LENGTH, length);
    const extent = record >>> EXTENT_SHIFT;
    const bytes = heap.bytes[extent]!;
    const view = heap.views[extent]!;
    const start = list.nameStart(record);
    copyBytes(args.bytes, args.view, args.start(name), bytes, view, start, length);
    return record;
  }

  /** A copy of a group or a consumer with nothing pending. */
  #copyRecord(record: Ptr, fixedBytes: number): Ptr {
    const { heap } = this;
    const bytes = fixedBytes + heap.word(record, NAME_LENGTH);
    const copy = heap.alloc(bytes);
    const from = record >>> EXTENT_SHIFT;
    const to = copy >>> EXTENT_SHIFT;
    copyBytes(
      heap.bytes[from]!,
      heap.views[from]!,
      (record & UNIT_MASK) << 3,
      heap.bytes[to]!,
      heap.views[to]!,
      (copy & UNIT_MASK) << 3,
      bytes,
    );
    this.#clearWords(copy, PENDING * 2, 4);
    return copy;
  }

  #clearWords(block: Ptr, from: number, count: number): void {
    for (let word = from; word < from + count; word++) this.heap.setWord(block, word, 0);
  }

  #insert(list: NameList, root: Ptr, record: Ptr): void {
    try {
      list.insert(root, record);
    } catch (refusal) {
      this.heap.free(record);
      throw refusal;
    }
  }

  #time(block: Ptr, byte: number): number {
    const view = this.heap.views[block >>> EXTENT_SHIFT]!;
    return view.getFloat64(((block & UNIT_MASK) << 3) + byte, true);
  }

  #setTime(block: Ptr, byte: number, ms: number): void {
    const view = this.heap.views[block >>> EXTENT_SHIFT]!;
    view.setFloat64(((block & UNIT_MASK) << 3) + byte, ms, true);
  }
}

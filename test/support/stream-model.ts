/** Streams against a plain array of entries. */
import { NULL, type Ptr } from '../../src/memory/address.ts';
import { Heap } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { Args } from '../../src/protocol/args.ts';
import { type CheckedEntry, checkStream } from '../../src/structures/stream-check.ts';
import { StreamId } from '../../src/structures/stream-id.ts';
import { groupsOf } from '../../src/structures/stream-layout.ts';
import { Streams } from '../../src/values/stream.ts';
import { ConsumerGroups } from '../../src/values/stream-group.ts';
import { idOf, idText } from './id-tree-model.ts';
import type { SeededRandom } from './seeded-random.ts';

interface Entry {
  readonly bits: bigint;
  readonly texts: readonly string[];
}

/** A stream under test and what must be in it. */
export class StreamModel {
  readonly heap: Heap = new Heap();
  /** Streams that were given up, and are still to be released. */
  readonly discarded: Ptr[] = [];
  readonly streams: Streams = new Streams(this.heap, (root) => this.discarded.push(root));
  readonly consumerGroups: ConsumerGroups = new ConsumerGroups(this.streams);
  root: Ptr = this.streams.create();
  entries: Entry[] = [];
  /** The last id ever. */
  lastBits = 0n;
  added = 0n;
  greatestDeleted = 0n;

  append(bits: bigint, texts: readonly string[]): void {
    const args = Args.of(...texts.map((text) => Buffer.from(text, 'latin1')));
    const textBytes = texts.reduce((sum, text) => sum + text.length, 0);
    this.streams.log.append(this.root, idOf(bits), args, 0, textBytes);
    this.entries.push({ bits, texts });
    this.lastBits = bits;
    this.added++;
  }

  remove(bits: bigint): void {
    const index = this.entries.findIndex((entry) => entry.bits === bits);
    if (this.streams.log.remove(this.root, idOf(bits)) !== index >= 0) {
      throw new Error(`${idText(bits)} is ${index < 0 ? 'not ' : ''}there`);
    }
    if (index < 0) return;
    this.entries.splice(index, 1);
    if (bits > this.greatestDeleted) this.greatestDeleted = bits;
  }

  /** Trims to a length, or to what is not before an id. */
  trim(to: number | bigint, onlyBlocks: boolean, removedMax: number): number {
    const { trimmer } = this.streams;
    const { entries } = this;
    let due: number;
    let removed: number;
    if (typeof to === 'number') {
      due = Math.max(entries.length - to, 0);
      removed = trimmer.toLength(this.root, to, onlyBlocks, removedMax);
    } else {
      const kept = entries.findIndex(({ bits }) => bits >= to);
      due = kept < 0 ? entries.length : kept;
      removed = trimmer.toId(this.root, idOf(to), onlyBlocks, removedMax);
    }
    const isExact = !onlyBlocks && removedMax === 0;
    if (isExact ? removed !== due : removed > due || removed > (removedMax || due)) {
      throw new Error(`${removed} entries were removed, ${due} were due`);
    }
    entries.splice(0, removed);
    return removed;
  }

  /** Reads from an id on, or back from it, and compares a few entries. */
  read(bits: bigint): void {
    const { cursor } = this.streams;
    const from = this.entries.findIndex((entry) => entry.bits >= bits);
    const start = from < 0 ? this.entries.length : from;
    let more = cursor.first(this.root, idOf(bits));
    for (const { bits: expected } of this.entries.slice(start, start + 5)) {
      if (!more || String(cursor.entry.id) !== idText(expected)) throw new Error('going forward');
      more = cursor.next();
    }
    if (more && start + 5 >= this.entries.length) throw new Error('there is more');
    const end = this.entries[start]?.bits === bits ? start + 1 : start;
    more = cursor.last(this.root, idOf(bits));
    for (const { bits: expected } of this.entries.slice(Math.max(end - 5, 0), end).reverse()) {
      if (!more || String(cursor.entry.id) !== idText(expected)) throw new Error('going back');
      more = cursor.previous();
    }
    const isThere = this.entries[start]?.bits === bits;
    if (this.streams.log.has(this.root, idOf(bits)) !== isThere) throw new Error('whether it is');
  }

  /** Replaces the stream by a copy of it. */
  copy(): void {
    const copy = this.streams.copy(this.root);
    this.discarded.push(this.root);
    this.root = copy;
  }

  check(): void {
    const { streams, root } = this;
    const checked = checkStream(streams.log, streams.groups, root);
    const expected = this.entries.map(({ bits, texts }) => ({ id: idText(bits), texts }));
    expectSame(checked, expected);
    if (streams.entriesAdded(root) !== this.added) throw new Error('entries added');
    const id = new StreamId();
    streams.readLastId(root, id);
    if (String(id) !== idText(this.lastBits)) throw new Error(`${id} is not the last id`);
    streams.readGreatestDeletedId(root, id);
    if (String(id) !== idText(this.greatestDeleted)) throw new Error(`${id} was deleted last`);
    this.checkHeap();
  }

  /** Releases what was given up and looks for blocks that nobody owns, or two do. */
  checkHeap(): void {
    const { streams, heap } = this;
    for (const root of this.discarded.splice(0)) this.release(root);
    const owned: Ptr[] = [];
    streams.visitBlocks(this.root, (block) => owned.push(block));
    checkHeap(heap, owned);
    const bytes = owned.reduce((sum, block) => sum + heap.capacity(block), 0);
    if (streams.usedBytes(this.root) !== bytes) throw new Error('used bytes');
  }

  /** Releases a stream in slices, each of which leaves what can be walked; how many. */
  release(root: Ptr, blocksMax = 7): number {
    const { streams, heap } = this;
    let slices = 1;
    for (; !streams.release(root, blocksMax); slices++) {
      if (slices % 50 === 1) streams.visitBlocks(root, (block) => heap.capacity(block));
    }
    return slices;
  }

  /** A group of the stream, which is made if it is not there. */
  group(name: string): Ptr {
    const { groups } = this.streams;
    const args = Args.of(Buffer.from(name, 'latin1'));
    const found = groups.find(this.root, args, 0);
    return found === NULL ? groups.create(this.root, args, 0, new StreamId(), 0n) : found;
  }

  /** A consumer of a group, which is made if it is not there. */
  consumer(group: Ptr, name: string): Ptr {
    const { groups } = this.streams;
    const args = Args.of(Buffer.from(name, 'latin1'));
    const found = groups.findConsumer(group, args, 0);
    return found === NULL ? groups.createConsumer(group, args, 0, 1) : found;
  }

  /** Names of all groups, in order. */
  groupNames(): string[] {
    const { groups } = this.streams.groups;
    const list = groupsOf(this.root);
    const names: string[] = [];
    let group = groups.first(list);
    for (; group !== NULL; group = groups.next(list, group)) {
      const bytes = this.heap.bytes[group >>> 23]!;
      const start = groups.nameStart(group);
      names.push(bytes.toString('latin1', start, start + groups.nameLength(group)));
    }
    return names;
  }
}

function expectSame(checked: readonly CheckedEntry[], expected: readonly CheckedEntry[]): void {
  const [left, right] = [JSON.stringify(checked), JSON.stringify(expected)];
  if (left === right) return;
  const index = checked.findIndex((one, i) => JSON.stringify(one) !== JSON.stringify(expected[i]));
  throw new Error(`${checked.length} entries, not these ${expected.length}, from ${index} on`);
}

/** Fields and values; most often the same fields. */
export function randomTexts(random: SeededRandom): string[] {
  const names = random.pick([['f'], ['f'], ['f', 'g'], ['g', 'f'], ['12', ''], ['f'.repeat(70)]]);
  return names.flatMap((name) => [name, randomValue(random)]);
}

function randomValue(random: SeededRandom): string {
  const draw = random.integer(0, 19);
  if (draw < 8) return `${random.integer(-300, 300)}`;
  if (draw < 10) return random.pick(['9223372036854775807', '-9223372036854775808', '007', '']);
  if (draw < 19) return random.text('ab\0\xff', 0, 70);
  return random.text('ab', 60, 5000);
}

/** One round: a stream grows at its end, loses entries anywhere, and is trimmed. */
export function runStreamRound(random: SeededRandom, steps: number): void {
  const model = new StreamModel();
  const gap = random.pick([1n, 3n, 1n << 62n, 1n << 70n]);
  let growth = 0.8;
  for (let step = 0; step < steps; step++) {
    if (step % 499 === 0) {
      growth = random.pick([0.3, 0.6, 0.9, 0.99]);
      model.streams.limits.set(random.pick([0, 1, 100, 4096]), random.pick([0, 1, 2, 5, 100, 300]));
    }
    const some =
      model.entries[random.integer(0, Math.max(model.entries.length - 1, 0))]?.bits ?? 5n;
    const draw = random.fraction();
    if (draw < 0.05) model.read(some + BigInt(random.integer(-1, 1)));
    else if (draw < 0.06) trimAtRandom(model, random, some);
    else if (draw < 0.061) model.copy();
    else if (random.fraction() > growth) model.remove(some);
    else model.append(model.lastBits + gap, randomTexts(random));
    if (step % 500 === 0) model.check();
  }
  model.check();
  model.release(model.root);
  checkHeap(model.heap, []);
}

function trimAtRandom(model: StreamModel, random: SeededRandom, some: bigint): void {
  const length = random.pick([0, 1, model.entries.length, random.integer(0, model.entries.length)]);
  const id = some + BigInt(random.integer(-1, 1));
  const onlyBlocks = random.fraction() < 0.5;
  const removedMax = onlyBlocks && random.fraction() < 0.5 ? random.integer(1, 500) : 0;
  model.trim(random.fraction() < 0.5 ? length : id, onlyBlocks, removedMax);
}

/** One round: consumers of groups are given entries, acknowledge and claim them, and go. */
export function runGroupRound(random: SeededRandom, steps: number): void {
  const model = new StreamModel();
  const { streams, consumerGroups } = model;
  const { groups } = streams;
  model.streams.limits.set(4096, 10);
  for (let step = 0; step < steps; step++) {
    const group = model.group(random.pick(['g', 'h', '', 'long '.repeat(20)]));
    const consumer = model.consumer(group, `c${random.integer(0, random.pick([3, 300]))}`);
    const some =
      model.entries[random.integer(0, Math.max(model.entries.length - 1, 0))]?.bits ?? 5n;
    const id = idOf(some);
    const draw = random.fraction();
    if (draw < 0.4) model.append(model.lastBits + 1n, ['f', `${step}`]);
    else if (draw < 0.6) {
      const count = random.pick([1, 2, 20, 0]);
      const noAck = random.fraction() < 0.1;
      consumerGroups.deliver(model.root, group, consumer, count, noAck, step, new StreamId());
    } else if (draw < 0.75) groups.remove(group, id);
    else if (draw < 0.85) {
      const force = random.fraction() < 0.3;
      const claim = {
        minIdleMs: 0,
        nowMs: step,
        deliveredMs: step,
        deliveries: -1n,
        justIds: true,
      };
      consumerGroups.claim(model.root, group, consumer, id, { ...claim, force });
    } else if (draw < 0.86) consumerGroups.setLastId(group, id, -1n);
    else if (draw < 0.87) groups.removeConsumer(group, consumer);
    else if (draw < 0.873) streams.removeGroup(model.root, group);
    else if (draw < 0.876) model.copy();
    else if (draw < 0.95) model.remove(some);
    if (step % 500 === 0) model.check();
  }
  model.check();
  model.release(model.root);
  checkHeap(model.heap, []);
}

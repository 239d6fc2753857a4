/**
 * Proves that a stream is sound, for tests and debugging: its tree, every block and what is counted
 * of it, and that groups and consumers agree on what is pending.
 */
import { EXTENT_SHIFT, NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import { checkIdTree } from './id-tree-check.ts';
import { TREE_FIRST } from './id-tree-node.ts';
import { ListpackCursor } from './listpack-cursor.ts';
import { isValidListpack } from './listpack-validate.ts';
import { entryCount, liveCount } from './stream-block.ts';
import { StreamCursor } from './stream-cursor.ts';
import type { StreamGroups } from './stream-groups.ts';
import { StreamId } from './stream-id.ts';
import { FIRST_ID, groupsOf, LAST_ID, readIdAt, streamLength } from './stream-layout.ts';
import type { StreamLog } from './stream-log.ts';

/** One entry of a stream; texts are Latin-1. */
export interface CheckedEntry {
  readonly id: string;
  /** Fields and values, in turn. */
  readonly texts: readonly string[];
}

/** Throws unless the stream is sound; returns its entries in order. */
export function checkStream(log: StreamLog, groups: StreamGroups, root: Ptr): CheckedEntry[] {
  const entries = new LogCheck(log, root).run();
  checkGroups(groups, root);
  return entries;
}

class LogCheck {
  readonly #log: StreamLog;
  readonly #root: Ptr;
  readonly #cursor: StreamCursor;
  readonly #element = new ListpackCursor();
  readonly #entries: CheckedEntry[] = [];
  readonly #last = new StreamId();

  constructor(log: StreamLog, root: Ptr) {
    this.#log = log;
    this.#root = root;
    this.#cursor = new StreamCursor(log.tree);
  }

  run(): CheckedEntry[] {
    const { tree } = this.#log;
    checkIdTree(tree, this.#root);
    const { block } = this.#cursor;
    for (let more = tree.first(this.#root, block); more; more = block.next()) this.#checkBlock();
    this.#checkWeights();
    this.#checkBackward();
    this.#checkRoot();
    return this.#entries;
  }

  #checkBlock(): void {
    const cursor = this.#cursor;
    const { entry, block } = cursor;
    cursor.openBlock();
    const { bytes, view, start, key } = entry;
    const total = view.getUint32(start, true);
    if (!isValidListpack(bytes, view, start, total)) fail(`block ${key} is no listpack`);
    const capacity = this.#log.heap.capacity(block.value);
    if (total > capacity) fail(`block ${key} has ${total} bytes in ${capacity}`);
    let live = 0;
    let all = 0;
    for (let more = entry.first(); more; more = entry.next()) {
      if (all === 0 && !entry.id.equals(key)) fail(`block ${key} begins with ${entry.id}`);
      if (!this.#last.isBefore(entry.id)) fail(`${entry.id} does not follow ${this.#last}`);
      this.#last.copyFrom(entry.id);
      all++;
      if (entry.isDeleted) continue;
      live++;
      this.#entries.push({ id: String(entry.id), texts: this.#texts() });
    }
    if (liveCount(bytes, view, start) !== live) fail(`block ${key} has ${live} entries`);
    if (entryCount(bytes, view, start) !== all) fail(`block ${key} has ${all} with tombstones`);
  }

  #texts(): string[] {
    const { entry } = this.#cursor;
    const element = this.#element;
    const texts: string[] = [];
    for (let i = 0; i < entry.fields; i++) {
      entry.readField();
      for (const at of [entry.field, entry.value]) {
        element.seek(entry.bytes, entry.view, entry.start, at - entry.start);
        element.spell();
        const { textStart, textLength } = element;
        const bytes = element.textBytes(entry.bytes);
        texts.push(bytes.toString('latin1', textStart, textStart + textLength));
      }
    }
    return texts;
  }

  #checkWeights(): void {
    const { heap, tree } = this.#log;
    const { nodes } = tree;
    let leaf = heap.word(this.#root, TREE_FIRST) as Ptr;
    for (; leaf !== NULL; leaf = nodes.next(leaf)) {
      let live = 0;
      for (let slot = 0; slot < nodes.count(leaf); slot++) {
        const block = nodes.value(leaf, slot);
        const extent = block >>> EXTENT_SHIFT;
        live += liveCount(heap.bytes[extent]!, heap.views[extent]!, (block & UNIT_MASK) << 3);
      }
      if (nodes.weight(leaf) !== live) fail(`a leaf weighs ${nodes.weight(leaf)}, not ${live}`);
    }
  }

  #checkBackward(): void {
    const cursor = this.#cursor;
    const last = new StreamId();
    last.setMax();
    let i = this.#entries.length;
    for (let more = cursor.last(this.#root, last); more; more = cursor.previous()) {
      if (String(cursor.entry.id) !== this.#entries[--i]?.id)
        fail(`${cursor.entry.id} from behind`);
    }
    if (i !== 0) fail(`${i} entries are not found from behind`);
  }

  #checkRoot(): void {
    const { heap } = this.#log;
    const entries = this.#entries;
    const length = streamLength(heap, this.#root);
    if (length !== entries.length) fail(`length ${length}, not ${entries.length}`);
    const id = new StreamId();
    readIdAt(heap, this.#root, FIRST_ID, id);
    if (String(id) !== (entries[0]?.id ?? '0-0')) fail(`${id} is not the first id`);
    readIdAt(heap, this.#root, LAST_ID, id);
    if (entries.length > 0 && id.isBefore(this.#last)) fail(`${id} is not the last id`);
  }
}

function checkGroups(groups: StreamGroups, root: Ptr): void {
  const list = groupsOf(root);
  let group = groups.groups.first(list);
  for (; group !== NULL; group = groups.groups.next(list, group)) {
    const pending = checkIdTree(groups.tree, groups.pendingOf(group));
    const owners = new Map<number, string>();
    const consumers = groups.consumersOf(group);
    let consumer = groups.consumers.first(consumers);
    for (; consumer !== NULL; consumer = groups.consumers.next(consumers, consumer)) {
      for (const { id, value } of checkIdTree(groups.tree, groups.pendingOf(consumer))) {
        if (groups.consumerOf(value as Ptr) !== consumer) fail(`${id} is with another consumer`);
        owners.set(value, id);
      }
    }
    for (const { id, value } of pending) {
      if (owners.get(value) !== id) fail(`${id} is pending, but with no consumer`);
    }
    if (owners.size !== pending.length) fail(`${owners.size} pending, not ${pending.length}`);
  }
}

function fail(problem: string): never {
  throw new Error(`stream: ${problem}`);
}

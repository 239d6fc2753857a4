/** A set in a cell, with the Set of texts that it must be and the encoding that it must have. */
import { expect } from 'vitest';
import type { Ptr } from '../../src/memory/address.ts';
import { Heap } from '../../src/memory/heap.ts';
import { checkHeap } from '../../src/memory/heap-check.ts';
import { Args } from '../../src/protocol/args.ts';
import { isValidIntset } from '../../src/structures/intset.ts';
import { isValidListpack } from '../../src/structures/listpack-validate.ts';
import { checkPackedTable } from '../../src/structures/packed-table-check.ts';
import type { Cell } from '../../src/values/cell.ts';
import { Sets } from '../../src/values/set.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from '../../src/values/set-encoding.ts';
import { BlockCell } from './block-cell.ts';

/** Sets on a heap of their own, which free at once what nobody has any more. */
export function setsOn(heap: Heap = new Heap()): Sets {
  const sets: Sets = new Sets(heap, (root) => sets.table.release(root, Number.POSITIVE_INFINITY));
  return sets;
}

/** The members of a set. */
export function textsOf({ cursor }: Sets, cell: Cell): string[] {
  const texts: string[] = [];
  const { member } = cursor;
  cursor.open(cell);
  while (cursor.next()) {
    member.spell();
    texts.push(member.bytes.toString('latin1', member.start, member.start + member.length));
  }
  return texts;
}

/** Whether a text is what an integer of 64 bits prints as. */
export function isInteger(text: string): boolean {
  return /^(0|-?[1-9]\d{0,18})$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** See the file's comment. Every growth moves the set. */
export class SetModel {
  readonly cell: BlockCell;
  readonly sets: Sets;
  readonly texts = new Set<string>();

  constructor(first: readonly string[], sets: Sets = setsOn()) {
    this.sets = sets;
    this.cell = new BlockCell(sets.heap);
    const built = sets.build(argsOf(first), 0);
    this.cell.resize(built.length);
    this.cell.encoding = built.encoding;
    sets.move(this.cell, built);
    for (const text of first) this.texts.add(text);
  }

  get encoding(): number {
    return this.cell.encoding;
  }

  /** Adds members as one command does; the encoding follows the rules of 7.2. */
  add(texts: readonly string[]): void {
    const { limits } = this.sets;
    let encoding = this.encoding;
    if (encoding === SET_INTSET && texts.length > limits.intsetMembers) encoding = SET_HASHTABLE;
    if (encoding === SET_LISTPACK && texts.length > limits.listpackMembers) {
      encoding = SET_HASHTABLE;
    }
    const before = this.texts.size;
    for (const text of texts) {
      if (this.texts.has(text)) continue;
      encoding = this.encodingWith(encoding, text);
      this.texts.add(text);
    }
    expect(this.sets.add(this.cell, argsOf(texts), 0)).toBe(this.texts.size - before);
    expect(this.encoding).toBe(encoding);
  }

  remove(text: string): void {
    const { encoding } = this;
    const removed = this.sets.removeArgument(this.cell, argsOf([text]), 0, 0);
    expect(removed).toBe(this.texts.delete(text));
    expect(this.encoding).toBe(encoding);
  }

  expectAnswers(text: string): void {
    const answer = this.sets.containsArgument(this.cell, argsOf([text]), 0, 0);
    expect(answer).toBe(this.texts.has(text));
  }

  /** The set is sound, has the members that it should, and owns all that is on the heap. */
  check(): void {
    const { cell, sets } = this;
    const { encoding, bytes, view, start } = cell;
    if (encoding !== SET_HASHTABLE) {
      // Without memory to move to, the cell stays longer than its set.
      const length = sets.packedBytes(cell);
      expect(length).toBeLessThanOrEqual(cell.length);
      const isValid = encoding === SET_INTSET ? isValidIntset : isValidListpack;
      if (this.texts.size > 0) expect(isValid(bytes, view, start, length)).toBe(true);
    }
    expect(sets.size(cell)).toBe(this.texts.size);
    const texts = textsOf(sets, cell);
    expect(texts.toSorted()).toEqual([...this.texts].sort());
    checkHeap(sets.heap, this.blocks());
  }

  /** Every block that the set owns. */
  blocks(): Ptr[] {
    const { cell, sets } = this;
    if (cell.encoding !== SET_HASHTABLE) return [cell.block];
    return [cell.block, ...checkPackedTable(sets.heap, cell.root)];
  }

  /** Frees the set. */
  dispose(): void {
    const { cell, sets } = this;
    if (cell.encoding === SET_HASHTABLE) sets.table.release(cell.root, Number.POSITIVE_INFINITY);
    sets.heap.free(cell.block);
  }

  /** What a set of an encoding is held in once it has one member more. */
  encodingWith(encoding: number, text: string): number {
    const { limits } = this.sets;
    const members = this.texts.size;
    if (encoding === SET_INTSET && isInteger(text)) {
      return members < limits.intsetMembers ? SET_INTSET : SET_HASHTABLE;
    }
    if (encoding === SET_HASHTABLE) return SET_HASHTABLE;
    // Only the texts of an intset were never measured.
    const others = encoding === SET_INTSET ? [...this.texts] : [];
    const longest = Math.max(...[text, ...others].map((each) => each.length));
    const fits = members < limits.listpackMembers && longest <= limits.listpackMemberBytes;
    return fits ? SET_LISTPACK : SET_HASHTABLE;
  }
}

export function argsOf(texts: readonly string[]): Args {
  return Args.of(...texts.map((text) => Buffer.from(text, 'latin1')));
}

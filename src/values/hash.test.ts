import { beforeEach, describe, expect, it } from 'vitest';
import { BlockCell } from '../../test/support/block-cell.ts';
import { randomText } from '../../test/support/listpack-model.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import type { Ptr } from '../memory/address.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { checkHeap } from '../memory/heap-check.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import * as listpack from '../structures/listpack.ts';
import { isValidListpack } from '../structures/listpack-validate.ts';
import { checkPackedTable } from '../structures/packed-table-check.ts';
import { ROOT_BYTES } from './cell.ts';
import { HASH_LISTPACK, HASH_TABLE, Hashes } from './hash.ts';
import { FIELDS, HashReader, VALUES } from './hash-reader.ts';

const seed = chosenSeed();

type Pair = readonly [field: Buffer, value: Buffer];

/** A hash under test and what must be in it; fields and values as Latin-1. */
class HashModel {
  readonly cell: BlockCell = new BlockCell();
  readonly hashes: Hashes = new Hashes(this.cell.heap);
  readonly reader: HashReader = new HashReader(this.hashes.table);
  readonly entries = new Map<string, string>();

  /** Gives the cell a new hash of these pairs. */
  create(pairs: readonly Pair[]): void {
    const { cell, hashes } = this;
    const args = Args.of(...pairs.flat());
    let fields = 0;
    if (hashes.fitsPacked(args, 0)) {
      cell.resize(hashes.packedBytes(args, 0));
      cell.encoding = HASH_LISTPACK;
      fields = hashes.fill(cell, args, 0);
    } else {
      const root = hashes.build(args, 0);
      cell.resize(ROOT_BYTES);
      cell.encoding = HASH_TABLE;
      cell.root = root;
      fields = hashes.length(cell);
    }
    this.#note(pairs);
    expect(fields).toBe(this.entries.size);
  }

  set([field, value]: Pair): void {
    const args = Args.of(field, value);
    const isNew = !this.entries.has(text(field));
    const start = args.start(1);
    const { bytes, view } = args;
    expect(this.hashes.set(this.cell, args, 0, bytes, view, start, value.length)).toBe(isNew);
    this.#note([[field, value]]);
    this.#expectEncoding([[field, value]]);
  }

  setAll(pairs: readonly Pair[]): void {
    const before = this.entries.size;
    const added = this.hashes.setAll(this.cell, Args.of(...pairs.flat()), 0);
    this.#note(pairs);
    expect(added).toBe(this.entries.size - before);
    this.#expectEncoding(pairs);
  }

  remove(fields: readonly Buffer[]): void {
    const before = this.entries.size;
    for (const field of fields) this.entries.delete(text(field));
    const removed = this.hashes.remove(this.cell, Args.of(...fields), 0);
    expect(removed).toBe(before - this.entries.size);
  }

  find(fields: readonly Buffer[]): void {
    const { hashes, cell } = this;
    const args = Args.of(...fields);
    for (const [i, field] of fields.entries()) {
      const value = this.entries.get(text(field));
      for (const found of [hashes.find(cell, args, i), hashes.findNext(cell, args, i, 0)]) {
        expect(found).toBe(value !== undefined);
        if (!found) continue;
        const { valueBytes, valueStart, valueLength } = hashes;
        expect(valueBytes.toString('latin1', valueStart, valueStart + valueLength)).toBe(value);
      }
    }
  }

  check(): void {
    const { cell, hashes, entries } = this;
    const blocks: Ptr[] = [cell.block];
    if (cell.encoding === HASH_TABLE) {
      checkPackedTable(cell.heap, cell.root);
      hashes.table.visitBlocks(cell.root, (block) => blocks.push(block));
    } else {
      expect(isValidListpack(cell.bytes, cell.view, cell.start, cell.length)).toBe(true);
    }
    checkHeap(cell.heap, blocks);
    expect(hashes.length(cell)).toBe(entries.size);
    const read = new Map<string, string>();
    const { reader } = this;
    reader.each(cell, () => {
      const { fieldStart, valueStart } = reader;
      read.set(
        reader.fieldBytes.toString('latin1', fieldStart, fieldStart + reader.fieldLength),
        reader.valueBytes.toString('latin1', valueStart, valueStart + reader.valueLength),
      );
    });
    expect(read).toEqual(entries);
  }

  #note(pairs: readonly Pair[]): void {
    for (const [field, value] of pairs) this.entries.set(text(field), text(value));
  }

  #expectEncoding(pairs: readonly Pair[]): void {
    const { entriesMax, valueBytesMax } = this.hashes.limits;
    const isLong = pairs.flat().some((each) => each.length > valueBytesMax);
    const areMany = Math.max(pairs.length, this.entries.size) > entriesMax;
    if (isLong || areMany) expect(this.cell.encoding).toBe(HASH_TABLE);
  }
}

function text(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function runRound(random: SeededRandom, operations: number): void {
  const model = new HashModel();
  const { limits } = model.hashes;
  limits.entriesMax = random.pick([0, 1, 4, 20, 100]);
  limits.valueBytesMax = random.pick([0, 5, 64, 300, 100_000]);
  const few = Array.from({ length: random.pick([3, 60]) }, () => randomText(random));
  const field = () => (random.fraction() < 0.8 ? random.pick(few) : randomText(random));
  const several = <T>(make: () => T) => Array.from({ length: random.integer(1, 5) }, make);
  const pair = (): Pair => [field(), randomText(random)];
  model.create(several(pair));
  for (let done = 0; done < operations; done++) {
    const kind = random.integer(0, 9);
    if (kind < 3) model.set(pair());
    else if (kind < 5) model.setAll(several(pair));
    else if (kind < 8) model.remove(several(field));
    else model.find(several(field));
    if (random.fraction() < 0.05) model.check();
  }
  model.check();
}

describe(`against a map, SEED=${seed}`, () => {
  for (let round = 0; round < 30; round++) {
    it(`is what it should be in either encoding, round ${round}`, () => {
      runRound(new SeededRandom(seed + round), 250);
    });
  }
});

describe('the listpack', () => {
  it('is made with no byte to spare, whatever was named twice', () => {
    const model = new HashModel();
    const pairs = ['a', 'b', 'a', 'a'].map((field, i): Pair => [bytesOf(field), bytesOf(i)]);
    model.create(pairs);
    const { cell } = model;
    expect(cell.length).toBe(listpack.totalBytes(cell.view, cell.start));
    model.check();
  });

  it('has values that grow and shrink at once', () => {
    const model = new HashModel();
    const pairs = (...values: string[]) =>
      values.map((value, i): Pair => [bytesOf(`f${i}`), bytesOf(value)]);
    model.create(pairs('aaaa', 'bbbb', 'cccc', 'dddd'));
    model.setAll(pairs('a', 'bbbbbbb', 'CCCC', 'd'));
    model.check();
    model.setAll([...pairs('AAAAAAAA', '', 'c'), ...pairs('17', '-1'), ...pairs('x', 'y', 'z')]);
    model.check();
  });

  it('becomes a table when it would have too many bytes', () => {
    const model = new HashModel();
    model.hashes.limits.valueBytesMax = 2 ** 30;
    model.create([[bytesOf('a'), bytesOf('b')]]);
    // As if it were full.
    model.cell.length = listpack.BYTES_MAX - 3;
    model.setAll([[bytesOf('cd'), bytesOf('ef')]]);
    expect(model.cell.encoding).toBe(HASH_TABLE);
    model.check();
  });
});

function bytesOf(value: string | number): Buffer {
  return Buffer.from(String(value));
}

describe('without memory', () => {
  let model: HashModel;

  beforeEach(() => {
    model = new HashModel();
    model.hashes.limits.entriesMax = 4;
    model.create(['a', 'b', 'c'].map((field): Pair => [bytesOf(field), bytesOf('value')]));
  });

  /** Runs it with allocation number `allowed` refused; whether it got so far. */
  function refused(allowed: number, run: () => void): boolean {
    const { heap } = model.cell;
    const { alloc } = heap;
    let left = allowed;
    let wasRefused = false;
    heap.alloc = (sizeBytes) => {
      if (left-- > 0) return alloc.call(heap, sizeBytes);
      wasRefused = true;
      throw new OutOfMemoryError('refused');
    };
    try {
      run();
    } catch (problem) {
      if (!(problem instanceof OutOfMemoryError)) throw problem;
    } finally {
      heap.alloc = alloc;
    }
    return wasRefused;
  }

  it('a longer value leaves all as it was', () => {
    const args = Args.of(bytesOf('b'), bytesOf('another value'));
    const { bytes, view } = args;
    const set = () => model.hashes.set(model.cell, args, 0, bytes, view, args.start(1), 13);
    expect(refused(0, set)).toBe(true);
    model.check();
  });

  it('a hash with too many fields stays a listpack', () => {
    const pairs = ['d', 'e'].map((field): Pair => [bytesOf(field), bytesOf('v')]);
    const args = Args.of(...pairs.flat());
    // The first is room for the fields; this is the table's.
    expect(refused(1, () => model.hashes.setAll(model.cell, args, 0))).toBe(true);
    expect(model.cell.encoding).toBe(HASH_LISTPACK);
    for (const [field, value] of pairs) model.entries.set(text(field), text(value));
    model.check();
    model.set([bytesOf('f'), bytesOf('v')]);
    expect(model.cell.encoding).toBe(HASH_TABLE);
    model.check();
  });

  it('deleting fields always works', () => {
    const many = Array.from({ length: 100 }, (_, i): Pair => [bytesOf(i), bytesOf('x'.repeat(60))]);
    model.hashes.limits.entriesMax = 500;
    model.setAll(many);
    expect(refused(0, () => model.remove(many.map(([field]) => field)))).toBe(true);
    expect(model.hashes.length(model.cell)).toBe(3);
    model.find([bytesOf('a'), bytesOf('50')]);
  });

  it('a conversion that fails leaves nothing behind, wherever it fails', () => {
    for (let allowed = 0; ; allowed++) {
      const args = Args.of(bytesOf('long'), bytesOf('x'.repeat(70)));
      const run = () => model.hashes.setAll(model.cell, args, 0);
      if (!refused(allowed, run)) break;
      expect(model.hashes.pairsSet).toBe(0);
      model.check();
    }
    model.entries.set('long', 'x'.repeat(70));
    model.check();
  });

  it('a new table leaves nothing behind', () => {
    const args = Args.of(...Array.from({ length: 200 }, (_, i) => bytesOf(i)));
    let allowed = 0;
    let root = 0 as Ptr;
    while (
      refused(allowed, () => {
        root = model.hashes.build(args, 0);
      }) &&
      allowed < 500
    ) {
      // Growing may be put off.
      if (root !== 0) model.hashes.table.release(root, Number.POSITIVE_INFINITY);
      root = 0 as Ptr;
      model.check();
      allowed++;
    }
    model.hashes.table.release(root, Number.POSITIVE_INFINITY);
    model.check();
    expect(allowed).toBeGreaterThan(3);
  });
});

describe('random pairs', () => {
  const DRAWS = 60_000;

  it.each([
    ['a listpack', 512],
    ['a table', 0],
  ])('of %s all come equally often', (_name, entriesMax) => {
    const model = new HashModel();
    model.hashes.limits.entriesMax = entriesMax;
    const fields = Array.from({ length: 30 }, (_, i) => `f${i}`);
    model.create(fields.map((field): Pair => [bytesOf(field), bytesOf('v')]));
    const { reader, cell } = model;
    const ways: ((writer: RespWriter) => void)[] = [
      (writer) => {
        for (let i = 0; i < DRAWS; i++) reader.writeRandom(cell, FIELDS, writer);
      },
      (writer) => reader.writeRandomTimes(cell, DRAWS, FIELDS, writer),
      (writer) => {
        for (let i = 0; i < DRAWS / 10; i++) reader.writeSample(cell, 10, FIELDS, writer);
      },
    ];
    for (const write of ways) {
      const writer = new RespWriter();
      write(writer);
      const drawn = `${writer.written()}`.match(/f\d+/g)!;
      expect(drawn.length).toBe(DRAWS);
      const expected = DRAWS / fields.length;
      for (const field of fields) {
        const times = drawn.filter((each) => each === field).length;
        // Six standard deviations.
        expect(Math.abs(times - expected)).toBeLessThan(6 * Math.sqrt(expected));
      }
    }
  });

  it('of a sample are different, with their own values', () => {
    const model = new HashModel();
    const pairs = Array.from(
      { length: 2000 },
      (_, i): Pair => [bytesOf(`f${i}`), bytesOf(`v${i}`)],
    );
    model.create(pairs);
    for (const count of [1, 5, 31, 32, 1000, 1999]) {
      const writer = new RespWriter();
      model.reader.writeSample(model.cell, count, FIELDS | VALUES, writer);
      const drawn = [...`${writer.written()}`.matchAll(/f(\d+)\r\n\$\d+\r\nv(\d+)/g)];
      expect(drawn.length).toBe(count);
      expect(new Set(drawn.map(([, field]) => field)).size).toBe(count);
      for (const [, field, value] of drawn) expect(value).toBe(field);
    }
  });
});

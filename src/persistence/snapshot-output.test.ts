import { beforeEach, describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { MemoryFiles } from '../../test/support/memory-files.ts';
import { BackgroundSnapshots, type SnapshotTask } from './background-snapshot.ts';
import { Crc64 } from './crc64.ts';
import type { BackgroundFile } from './file-system.ts';
import { SnapshotOutput } from './snapshot-output.ts';

const OPTIONS = { sums: true, syncsIncrementally: false };
const CHUNK_BYTES = 64 * 1024;

describe('the file of a snapshot', () => {
  let disk: SlowDisk;
  beforeEach(() => {
    disk = new SlowDisk();
  });

  test('is written from few buffers, however much comes while the disk is slow', async () => {
    const output = new SnapshotOutput(disk, 'file', OPTIONS);
    const expected: Buffer[] = [];
    let chunk = output.firstChunk;
    let fullAt = -1;
    for (let i = 0; i < 100; i++) {
      chunk.fill(i);
      expected.push(Buffer.from(chunk));
      chunk = output.take(chunk, CHUNK_BYTES);
      if (output.isFull && fullAt < 0) fullAt = i + 1;
    }
    expect(fullAt).toBe(16);
    expect(output.usedBytes).toBeLessThanOrEqual(65 * CHUNK_BYTES);
    // What there was no buffer for is there already, in its place.
    expect(disk.content.subarray(-CHUNK_BYTES).equals(expected.at(-1)!)).toBe(true);
    disk.isSlow = false;
    await output.finish();
    const whole = Buffer.concat(expected);
    expect(disk.content.subarray(0, -8).equals(whole)).toBe(true);
    const crc = new Crc64();
    const inOrder = Buffer.concat([whole, Buffer.alloc(8)]);
    crc.update(whole, new DataView(inOrder.buffer, inOrder.byteOffset), 0, whole.length);
    crc.write(new DataView(inOrder.buffer, inOrder.byteOffset), whole.length);
    expect(disk.content.equals(inOrder)).toBe(true);
    expect(output.isFull).toBe(false);
  });

  test('keeps the first failure, and drops what comes after it', async () => {
    const output = new SnapshotOutput(disk, 'file', OPTIONS);
    disk.isSlow = false;
    disk.problem = new Error('first');
    let chunk = output.take(output.firstChunk, CHUNK_BYTES);
    chunk = output.take(chunk, CHUNK_BYTES);
    await expect(output.finish()).rejects.toThrow('first');
    expect(disk.closed).toBe(1);
    output.take(chunk, CHUNK_BYTES);
    await expect(output.close()).rejects.toThrow('first');
    expect(disk.closed).toBe(1);
  });

  test('is synchronised bit by bit where that is wanted', async () => {
    const output = new SnapshotOutput(disk, 'file', { ...OPTIONS, syncsIncrementally: true });
    disk.isSlow = false;
    let chunk = output.firstChunk;
    for (let i = 0; i < 200; i++) {
      chunk = output.take(chunk, CHUNK_BYTES);
      if (output.isFull) await new Promise((resolve) => setImmediate(resolve));
    }
    await output.finish();
    // Every 4 MiB, and at the end.
    expect(disk.synced).toBe(4);
  });

  test('makes the walk wait while the disk is slow', async () => {
    const engine = new TestEngine();
    for (let i = 0; i < 4000; i++) engine.run('SET', `key ${i}`, 'x'.repeat(1000));
    const snapshots = new BackgroundSnapshots(engine.keyspace, disk);
    let isOver = false;
    const task: SnapshotTask = {
      path: 'file',
      writing: { compresses: false, version: 11, ...OPTIONS },
      facts: { aux: [], libraries: [], use: 'none' },
      onEnd: (failure) => {
        expect(failure).toBeNull();
        isOver = true;
      },
    };
    const running = snapshots.start(task);
    while (running.keys <= 900) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(running.keys).toBeLessThan(1300);
    expect(running.usedBytes).toBeLessThan(20 * CHUNK_BYTES);
    disk.isSlow = false;
    while (!isOver) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(running.keys).toBe(4000);
    expect(running.peakBytes).toBeLessThan(20 * CHUNK_BYTES);
  });
});

/** A disk with one file, that takes nothing in the background while it is slow. */
class SlowDisk extends MemoryFiles {
  content: Buffer = Buffer.alloc(0);
  synced = 0;
  closed = 0;
  problem: Error | null = null;
  #isSlow = true;
  #wake: () => void = () => undefined;
  #awake: Promise<void> = new Promise((resolve) => {
    this.#wake = resolve;
  });

  set isSlow(isSlow: boolean) {
    this.#isSlow = isSlow;
    if (!isSlow) this.#wake();
  }

  override createInBackground(): BackgroundFile {
    const writeNow = (bytes: Uint8Array, length: number, position: number): void => {
      if (this.problem !== null) throw this.problem;
      const longer = Buffer.alloc(Math.max(this.content.length, position + length));
      this.content.copy(longer);
      longer.set(bytes.subarray(0, length), position);
      this.content = longer;
    };
    return {
      writeNow,
      write: async (bytes, length, position) => {
        if (this.#isSlow) await this.#awake;
        writeNow(bytes, length, position);
      },
      sync: async () => {
        this.synced++;
      },
      close: async () => {
        this.closed++;
      },
    };
  }
}

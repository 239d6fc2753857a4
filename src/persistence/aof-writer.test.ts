import { beforeEach, describe, expect, test } from 'vitest';
import type { AppendedFile, Done } from './aof-file.ts';
import { AofWriter, type SyncPolicy } from './aof-writer.ts';

const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

/** A file that does what it is asked to when a test says so. */
class WaitingFile implements AppendedFile {
  readonly sizeAtOpen = 0;
  content = '';
  syncs = 0;
  isClosed = false;
  /** Whether what gathers is written at once. */
  isHasty = true;
  #soon: (() => void)[] = [];
  #write: ((problem: Error | null, bytesMax: number) => void) | null = null;
  #sync: Done | null = null;

  write(
    bytes: Uint8Array,
    at: number,
    length: number,
    done: (problem: Error | null, written: number) => void,
  ): void {
    this.#write = (problem, bytesMax) => {
      const count = problem === null ? Math.min(length, bytesMax) : 0;
      this.content += Buffer.from(bytes.subarray(at, at + count)).toString('latin1');
      done(problem, count);
    };
  }

  soon(work: () => void): void {
    if (this.isHasty) work();
    else this.#soon.push(work);
  }

  sync(done: Done): void {
    this.#sync = done;
  }

  close(): void {
    this.isClosed = true;
  }

  get isWriting(): boolean {
    return this.#write !== null;
  }

  get isSyncing(): boolean {
    return this.#sync !== null;
  }

  /** The moment for which what gathers may wait is over. */
  passMoment(): void {
    const soon = this.#soon;
    this.#soon = [];
    for (const work of soon) work();
  }

  endWrite(problem: Error | null = null, bytesMax: number = Number.POSITIVE_INFINITY): void {
    const write = this.#write!;
    this.#write = null;
    write(problem, bytesMax);
  }

  endSync(problem: Error | null = null): void {
    const sync = this.#sync!;
    this.#sync = null;
    this.syncs++;
    sync(problem);
  }
}

describe('what is added to the append-only file', () => {
  let file: WaitingFile;
  let nowMs: number;
  let told: number;
  let give: () => void;
  beforeEach(() => {
    give = () => undefined;
    file = new WaitingFile();
    nowMs = 1000;
    told = 0;
  });

  function start(policy: SyncPolicy): AofWriter {
    const clock = { wallMs: () => nowMs, monotonicMs: () => nowMs };
    const events = {
      give: () => give(),
      keptMore: () => undefined,
      stateChanged: () => void told++,
    };
    return new AofWriter(file, policy, clock, events);
  }

  function take(writer: AofWriter, text: string): void {
    writer.take(Buffer.from(text), text.length, true);
  }

  test('shares synchronisations with what comes while one is under way', () => {
    const writer = start('always');
    take(writer, 'a');
    file.endWrite();
    take(writer, 'b');
    take(writer, 'c');
    expect(file.isWriting).toBe(false);
    file.endSync();
    expect(writer.kept).toBe(1);
    file.endWrite();
    expect(writer.kept).toBe(1);
    file.endSync();
    expect(writer.kept).toBe(3);
    expect(file.content).toBe('abc');
    expect(file.syncs).toBe(2);
  });

  test('goes on where a write has ended early, or failed', () => {
    const writer = start('no');
    take(writer, 'abcdef');
    file.endWrite(null, 2);
    file.endWrite(new Error('no space left'));
    expect(writer.problem?.message).toBe('no space left');
    expect(told).toBe(1);
    writer.tick();
    expect(file.isWriting).toBe(false);
    nowMs += 200;
    writer.tick();
    file.endWrite(null, 1);
    expect(writer.problem).toBeNull();
    expect(told).toBe(2);
    file.endWrite();
    expect(file.content).toBe('abcdef');
  });

  test('makes others wait while more than 64 MiB wait for the disk', () => {
    const writer = start('no');
    for (let i = 0; i < 64; i++) writer.take(MEGABYTE, MEGABYTE.length, false);
    expect(writer.isBehind).toBe(false);
    take(writer, 'x');
    expect(writer.isBehind).toBe(true);
    file.endWrite();
    expect(writer.isBehind).toBe(false);
  });

  test('makes others wait while anything waits for two seconds, unless it rests', () => {
    const writer = start('everysec');
    take(writer, 'a');
    file.endWrite();
    nowMs += 1000;
    writer.tick();
    expect(file.isSyncing).toBe(true);
    nowMs += 1000;
    expect(writer.isBehind).toBe(false);
    nowMs += 1;
    expect(writer.isBehind).toBe(true);
    writer.tick();
    expect(writer.delayedSyncs).toBe(1);
    writer.isResting = true;
    expect(writer.isBehind).toBe(false);
    writer.isResting = false;
    file.endSync();
    expect(writer.isBehind).toBe(false);
  });

  test.each(['everysec', 'no'] as const)('shares a write for a moment with %s', (policy) => {
    file.isHasty = false;
    const writer = start(policy);
    take(writer, 'a');
    take(writer, 'b');
    expect(file.isWriting).toBe(false);
    file.passMoment();
    take(writer, 'c');
    file.endWrite();
    expect(file.content).toBe('ab');
    expect(file.isWriting).toBe(false);
    file.passMoment();
    file.endWrite();
    expect(file.content).toBe('abc');
  });

  test('does not wait for more with always, when full or asked for, nor at the end', async () => {
    file.isHasty = false;
    const writer = start('everysec');
    for (let i = 0; i < 3; i++) writer.take(MEGABYTE, 400 * 1024, false);
    file.endWrite();
    expect(file.content).toHaveLength(400 * 1024);
    file.endWrite();
    expect(file.content).toHaveLength(800 * 1024);
    expect(file.isWriting).toBe(false);
    writer.policy = 'no';
    writer.askSync();
    file.endWrite();
    file.endSync();
    expect(writer.kept).toBe(1200 * 1024);
    writer.policy = 'always';
    take(writer, 'a');
    file.endWrite();
    file.endSync();
    writer.policy = 'everysec';
    take(writer, 'b');
    expect(file.isWriting).toBe(false);
    const drained = writer.drain();
    file.endWrite();
    await new Promise((resolve) => setImmediate(resolve));
    file.endSync();
    await drained;
    file.passMoment();
    expect(file.isWriting).toBe(false);
    expect(writer.kept).toBe(writer.taken);
  });

  test('waits for more, and asks for it in a moment, unless it is wanted at once', () => {
    file.isHasty = false;
    const writer = start('everysec');
    give = () => take(writer, 'ab');
    expect([writer.mayWait(), writer.mayWait()]).toEqual([true, true]);
    expect(file.isWriting).toBe(false);
    file.passMoment();
    file.endWrite();
    expect(file.content).toBe('ab');
    writer.policy = 'always';
    expect(writer.mayWait()).toBe(false);
    writer.policy = 'no';
    expect(writer.mayWait()).toBe(true);
    take(writer, 'c');
    writer.askSync();
    expect(writer.mayWait()).toBe(false);
  });

  test('writes together what comes while the disk is busy', () => {
    file.isHasty = false;
    const writer = start('everysec');
    take(writer, 'a');
    file.passMoment();
    for (const text of ['b', 'c', 'd']) {
      give = () => take(writer, text);
      expect(writer.mayWait()).toBe(true);
      file.passMoment();
    }
    file.endWrite();
    file.passMoment();
    file.endWrite();
    expect(file.content).toBe('abcd');
  });

  test('keeps a buffer with much in it, behind what it has copied, and gives it again', () => {
    file.isHasty = false;
    const writer = start('everysec');
    take(writer, 'a');
    const full = Buffer.alloc(640 * 1024, 'b');
    const other = writer.take(full, 300 * 1024, true)!;
    expect(other === full).toBe(false);
    file.endWrite();
    file.endWrite();
    expect(file.content === `a${'b'.repeat(300 * 1024)}`).toBe(true);
    expect(writer.take(other, 300 * 1024, true) === full).toBe(true);
    expect(writer.take(full, 300 * 1024, false) === null).toBe(true);
    file.endWrite();
    file.passMoment();
    file.endWrite();
    expect(file.content).toHaveLength(1 + 900 * 1024);
    writer.policy = 'always';
    expect(writer.take(full, 300 * 1024, true) === null).toBe(true);
  });

  test('is not synchronised while it rests', () => {
    const writer = start('everysec');
    writer.isResting = true;
    take(writer, 'a');
    file.endWrite();
    nowMs += 5000;
    writer.tick();
    expect(file.isSyncing).toBe(false);
    writer.isResting = false;
    writer.tick();
    expect(file.isSyncing).toBe(true);
  });

  test('is synchronised without a policy when somebody asks', () => {
    const writer = start('no');
    take(writer, 'a');
    writer.askSync();
    expect(file.isSyncing).toBe(false);
    file.endWrite();
    file.endSync();
    expect(writer.kept).toBe(1);
    take(writer, 'b');
    file.endWrite();
    expect(file.isSyncing).toBe(false);
  });

  test('is synchronised for who asks while more comes with every write', () => {
    const writer = start('no');
    take(writer, 'a');
    writer.askSync();
    take(writer, 'b');
    file.endWrite();
    take(writer, 'c');
    file.endSync();
    expect(writer.kept).toBe(1);
    expect(file.isSyncing).toBe(false);
  });

  test('follows a policy that becomes stricter', () => {
    const writer = start('no');
    take(writer, 'a');
    file.endWrite();
    writer.policy = 'always';
    writer.tick();
    file.endSync();
    expect(writer.kept).toBe(1);
  });

  test('goes to another file when all before it is on the disk', () => {
    const writer = start('no');
    const next = new WaitingFile();
    take(writer, 'a');
    writer.switchTo(next, () => true);
    take(writer, 'b');
    file.endWrite();
    expect(next.isWriting).toBe(false);
    file.endSync();
    next.endWrite();
    expect([file.content, next.content, file.isClosed]).toEqual(['a', 'b', true]);
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { memorySnapshots } from '../../test/support/memory-snapshots.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { type Fault, SimulatedDisk } from '../../test/support/simulated-disk.ts';
import type { Snapshots } from './snapshots.ts';

const PATH = 'dir/dump.rdb';
const KEYS = ['a', 'b', 'c'];
const CRASHES = 1500;
const FAILURES = 1500;
/** No save of these tests makes more calls. */
const CALLS_MAX = 14;

describe('snapshots on a disk that fails', () => {
  const seed = chosenSeed();
  let writer: TestEngine;
  let reader: TestEngine;
  beforeAll(() => {
    writer = new TestEngine({ databases: 1 });
    reader = new TestEngine({ databases: 1 });
  });

  test(`lose nothing in ${CRASHES} losses of power (SEED=${seed})`, async () => {
    let lost = 0;
    for (let round = 0; round < CRASHES; round++) {
      const trial = new Trial(writer, seed + round);
      const crashAt = trial.random.integer(1, 3 * CALLS_MAX);
      trial.disk.faultAt = (call) => (call === crashAt ? 'crash' : null);
      for (let saves = 0; saves < 3 && trial.disk.hasPower; saves++) await trial.save();
      if (!trial.disk.hasPower) lost++;
      await trial.expectWholeAfterRestart(reader, `seed ${seed + round}, call ${crashAt}`);
    }
    expect(lost).toBeGreaterThan(CRASHES / 3);
  });

  test(`lose nothing in ${FAILURES} single failures, and go on (SEED=${seed})`, async () => {
    const faults: readonly Fault[] = ['ENOSPC', 'EIO', 'EROFS', 'EACCES'];
    let failed = 0;
    for (let round = 0; round < FAILURES; round++) {
      const trial = new Trial(writer, seed + round);
      const name = `seed ${seed + round}`;
      await trial.save();
      const failAt = trial.disk.calls + trial.random.integer(1, CALLS_MAX);
      const fault = trial.random.pick(faults);
      trial.disk.faultAt = (call) => (call === failAt ? fault : null);
      const isSaved = await trial.save();
      trial.disk.faultAt = () => null;
      if (!isSaved) {
        failed++;
        expect(trial.disk.paths, name).toEqual([PATH]);
      }
      await trial.expectWhole(reader, name);
      expect(await trial.save(), name).toBe(true);
      await trial.expectWholeAfterRestart(reader, name);
      expect(trial.allowed.size, name).toBe(1);
    }
    expect(failed).toBeGreaterThan(FAILURES / 3);
  });

  test('stay as they are on a full disk, and are saved again when there is room', async () => {
    for (const inBackground of [false, true]) {
      const trial = new Trial(writer, seed);
      expect(await trial.save(inBackground)).toBe(true);
      for (let capacity = 0; capacity < 5000; capacity += 250) {
        trial.disk.capacity = trial.disk.contentOf(PATH)!.length + capacity;
        writer.run('SET', 'd', `${trial.random.fraction()}`.repeat(400));
        const isSaved = await trial.save(inBackground);
        if (!isSaved) expect(trial.disk.paths).toEqual([PATH]);
        await trial.expectWhole(reader, `capacity ${capacity}`);
      }
      trial.disk.capacity = Number.POSITIVE_INFINITY;
      expect(await trial.save(inBackground)).toBe(true);
      await trial.expectWholeAfterRestart(reader, 'with room');
      expect(trial.allowed.size).toBe(1);
    }
  });
});

/** A server that saves now and then, and what may be found on its disk. */
class Trial {
  readonly disk: SimulatedDisk;
  readonly random: SeededRandom;
  /** States that a start may find: the last that was saved for certain, and later attempts. */
  readonly allowed: Set<string> = new Set([stateOf(null)]);
  readonly #engine: TestEngine;
  readonly #snapshots: Snapshots;

  constructor(engine: TestEngine, seed: number) {
    this.random = new SeededRandom(seed);
    this.disk = new SimulatedDisk(seed);
    this.disk.writesShort = this.random.fraction() < 0.3;
    this.#engine = engine;
    engine.keyspace.databases[0]!.flush();
    const { keyspace, executor } = engine;
    this.#snapshots = memorySnapshots(keyspace, executor, { files: this.disk });
  }

  /** Changes something and saves it, in one way or the other; whether that has succeeded. */
  async save(inBackground = this.random.fraction() < 0.5): Promise<boolean> {
    this.#change();
    const state = stateOf(this.#engine);
    this.allowed.add(state);
    const isSaved = inBackground ? await this.#saveInBackground() : this.#saveNow();
    if (isSaved) {
      this.allowed.clear();
      this.allowed.add(state);
    }
    return isSaved;
  }

  /** What is on the disk loads, and is one of the states that may be there. */
  async expectWhole(reader: TestEngine, name: string): Promise<void> {
    reader.keyspace.databases[0]!.flush();
    const { keyspace, executor } = reader;
    await memorySnapshots(keyspace, executor, { files: this.disk }).load();
    expect(this.allowed, name).toContain(stateOf(reader));
  }

  async expectWholeAfterRestart(reader: TestEngine, name: string): Promise<void> {
    this.disk.restart();
    await this.expectWhole(reader, name);
  }

  #saveNow(): boolean {
    return this.#snapshots.save() === undefined;
  }

  async #saveInBackground(): Promise<boolean> {
    const { background } = this.#snapshots;
    background.start();
    while (background.isRunning) {
      this.#change();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return background.isHealthy;
  }

  #change(): void {
    const { random } = this;
    const key = random.pick(KEYS);
    if (random.fraction() < 0.1) this.#engine.run('DEL', key);
    else this.#engine.run('SET', key, random.text('abcdefghijklmnop', 0, 300));
  }
}

/** What the keys of a server hold; null for one that has none. */
function stateOf(engine: TestEngine | null): string {
  if (engine === null) return '[(nil), (nil), (nil), (nil)]';
  return engine.text('MGET', ...KEYS, 'd');
}

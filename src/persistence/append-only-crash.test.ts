import { expect, test } from 'vitest';
import { DurableEngine, turn } from '../../test/support/durable-engine.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { type Fault, PowerLoss, SimulatedDisk } from '../../test/support/simulated-disk.ts';
import type { SyncPolicy } from './aof-writer.ts';

const CRASHES = 40;
const FAILURES = 40;
const KEYS = ['a', 'b', 'c', 'd'];

const seed = chosenSeed();

/** A server that is given commands until its disk loses power, and what may then be left. */
class Trial {
  readonly random: SeededRandom;
  readonly disk: SimulatedDisk;
  engine: DurableEngine;
  readonly policy: SyncPolicy;
  /** The state after each command or transaction, and when it was; the one before the first too. */
  states: { readonly digest: string; readonly atMs: number }[] = [];
  /** Place of the last state of which the client may know. */
  acknowledged = 0;

  constructor(trialSeed: number, policy: SyncPolicy) {
    this.random = new SeededRandom(trialSeed);
    this.disk = new SimulatedDisk(trialSeed);
    this.disk.tearsWrites = policy === 'always';
    this.policy = policy;
    this.engine = new DurableEngine(this.disk, policy);
  }

  async start(): Promise<void> {
    await this.engine.data.load();
    if (this.states.length === 0) this.note();
  }

  note(): void {
    this.states.push({ digest: this.engine.digest(), atMs: this.engine.nowMs });
    this.acknowledge();
  }

  acknowledge(): void {
    if (this.policy === 'always' && this.engine.isAcknowledged) {
      this.acknowledged = this.states.length - 1;
    }
  }

  /** Gives commands until the power is gone, or there were so many. */
  async work(commands: number): Promise<void> {
    const { disk, random } = this;
    for (let i = 0; i < commands && disk.hasPower; i++) {
      this.#change();
      for (let turns = random.integer(0, 4); turns > 0; turns--) await this.turn();
      if (random.fraction() < 0.3) {
        this.engine.tick(random.integer(50, 800));
        await this.turn();
        await this.turn();
      }
      if (random.fraction() < 0.08) this.engine.text('BGREWRITEAOF');
    }
  }

  async turn(): Promise<void> {
    await turn();
    this.acknowledge();
  }

  #change(): void {
    const { random } = this;
    const key = random.pick(KEYS);
    switch (random.integer(0, 5)) {
      case 0:
        this.#do('DEL', key);
        this.#do(...randomValue(random, random.pick(VALUE_KINDS), key)[0]!);
        break;
      case 1:
        for (const line of [['MULTI'], ['INCR', 'n'], ['RPUSH', 'list', key]]) {
          this.engine.text(...line);
        }
        this.#do('EXEC');
        break;
      case 2:
        this.engine.text('SELECT', String(random.integer(0, 2)));
        this.#do('SET', key, 'v', 'EX', String(random.integer(1e6, 2e6)));
        break;
      case 3:
        this.#do('SADD', 'set', String(random.integer(0, 50)));
        this.#do('SPOP', 'set');
        break;
      default:
        this.#do('INCRBYFLOAT', 'f', '0.1');
    }
  }

  #do(...line: readonly string[]): void {
    this.engine.text(...line);
    this.note();
  }

  /** Takes the power from what the engine may still be about to do. */
  async #die(): Promise<void> {
    const { disk, engine } = this;
    disk.faultAt = () => 'crash';
    expect(() => disk.begin('end')).toThrow(PowerLoss);
    const { snapshots } = engine.data;
    do await turn();
    while (engine.data.appendOnly.isRewriting || snapshots.background.isRunning);
    for (let turns = 0; turns < 3; turns++) await turn();
  }

  /** The power comes back: what is there is one of the states that may be. */
  async restart(name: string): Promise<void> {
    const { disk, engine } = this;
    await this.#die();
    disk.restart();
    const after = new DurableEngine(disk, this.policy);
    after.nowMs = engine.nowMs;
    after.engine.tick();
    await after.data.load();
    const found = after.digest();
    const allowed = this.states.findLastIndex(({ digest }) => digest === found);
    expect(allowed, `${name}: a state that never was`).toBeGreaterThanOrEqual(0);
    if (this.policy === 'always') {
      expect(allowed, `${name}: an acknowledged change is lost`).toBeGreaterThanOrEqual(
        this.acknowledged,
      );
    }
    const next = this.states[allowed + 1];
    if (this.policy === 'everysec' && next !== undefined) {
      expect(engine.nowMs - next.atMs, `${name}: too much is lost`).toBeLessThanOrEqual(2900);
    }
    this.engine = after;
    this.states = [];
    this.acknowledged = 0;
    this.note();
  }
}

test(`always: ${CRASHES} losses of power lose nothing acknowledged (SEED=${seed})`, async () => {
  await crash('always');
}, 120_000);

test(`everysec: ${CRASHES} losses of power lose two seconds at most (SEED=${seed})`, async () => {
  await crash('everysec');
}, 120_000);

async function crash(policy: SyncPolicy): Promise<void> {
  let lost = 0;
  for (let round = 0; round < CRASHES; round++) {
    const trial = new Trial(seed + round, policy);
    const name = `seed ${seed + round}`;
    await trial.start();
    for (let crashes = 0; crashes < 2; crashes++) {
      const crashAt = trial.disk.calls + trial.random.integer(1, 60);
      trial.disk.faultAt = (call) => (call === crashAt ? 'crash' : null);
      await trial.work(20);
      if (!trial.disk.hasPower) lost++;
      await trial.restart(name);
    }
  }
  expect(lost).toBeGreaterThan(CRASHES / 2);
}

test(`${FAILURES} single failures lose nothing, and it goes on (SEED=${seed})`, async () => {
  const faults: readonly Fault[] = ['ENOSPC', 'EIO'];
  let failures = 0;
  for (let round = 0; round < FAILURES; round++) {
    const trial = new Trial(seed + round, 'always');
    const name = `seed ${seed + round}`;
    await trial.start();
    const failAt = trial.disk.calls + trial.random.integer(1, 60);
    const fault = trial.random.pick(faults);
    trial.disk.faultAt = (call) => {
      if (call !== failAt) return null;
      failures++;
      return fault;
    };
    await trial.work(15);
    expect(trial.engine.text('EXISTS', 'f'), name).toMatch(/integer/);
    trial.disk.faultAt = () => null;
    for (let ticks = 0; ticks < 100; ticks++) {
      trial.engine.tick();
      for (let turns = 0; turns < 12; turns++) await turn();
    }
    expect(trial.engine.text('SET', 'last', name), name).toBe('OK');
    trial.note();
    for (let turns = 0; turns < 50; turns++) await trial.turn();
    expect(trial.acknowledged, name).toBe(trial.states.length - 1);
    await trial.restart(name);
  }
  expect(failures).toBeGreaterThan(FAILURES / 4);
}, 120_000);

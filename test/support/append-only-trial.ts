/**
 * A server with an append-only file whose disk loses power or fails, and what may be found on that
 * disk afterwards: one of the states that the server was in, and none that is older than promised.
 */
import type { SyncPolicy } from '../../src/persistence/aof-writer.ts';
import { DurableEngine, turn } from './durable-engine.ts';
import { randomValue, VALUE_KINDS } from './random-values.ts';
import { SeededRandom } from './seeded-random.ts';
import { type Fault, PowerLoss, SimulatedDisk } from './simulated-disk.ts';

/** Enough for every call to be made at least twice. */
const COMMANDS_MAX = 120;
const CALLS_MAX = 60;
const KEYS = ['a', 'b', 'c', 'd'];
/** With everysec: a second between synchronisations, one for the disk, and a tick of the test. */
const LOST_MS_MAX = 2000 + 900;

/** What is done to which kind of file: `write increment`, `rename manifest` and so on. */
export type CallKind = string;

/** The kinds of calls that a working server makes, each of which is to fail in tests. */
export const WORKING_CALLS: readonly CallKind[] = [
  ...['open', 'create', 'close', 'write', 'fsync'].map((what) => `${what} increment`),
  ...['create', 'close', 'write', 'fsync'].map((what) => `${what} base`),
  ...['create', 'close', 'write', 'fsync', 'rename'].map((what) => `${what} manifest`),
  ...['create', 'close', 'write', 'fsync', 'rename'].map((what) => `${what} snapshot`),
  'remove base',
  'remove increment',
  'sync directory',
];

/** Those that the first start makes, where there is nothing yet. */
export const FIRST_CALLS: readonly CallKind[] = [
  'mkdir directory',
  ...['create', 'write', 'fsync', 'rename'].map((what) => `${what} snapshot`),
  ...['create', 'write', 'fsync', 'rename'].map((what) => `${what} manifest`),
  'create increment',
  'sync directory',
];

/** Those that a start makes. */
export const STARTING_CALLS: readonly CallKind[] = [
  'open manifest',
  'read manifest',
  'open base',
  'read base',
  'open increment',
  'read increment',
];

/** The kind of a call, as a simulated disk notes it. */
export function kindOf(call: string): CallKind {
  const [what, path] = call.split(' ');
  const name = path!.split('/').at(-1)!;
  if (name.endsWith('.manifest')) return `${what} manifest`;
  if (/\.base\.(rdb|aof)$/.test(name)) return `${what} base`;
  if (name.endsWith('.incr.aof')) return `${what} increment`;
  return `${what} ${name.endsWith('.rdb') ? 'snapshot' : 'directory'}`;
}

/** See the file's comment. */
export class AppendOnlyTrial {
  readonly random: SeededRandom;
  readonly disk: SimulatedDisk;
  engine: DurableEngine;
  readonly policy: SyncPolicy;
  /** Faults that have come: what has failed, and how. */
  readonly faults: Set<string> = new Set();
  /** The state after each command or transaction, and when it was; the one before the first too. */
  #states: { readonly digest: string; readonly atMs: number }[] = [];
  #armed: Fault | null = null;
  readonly #usesSnapshots: boolean;
  /** Place of the last state of which the client may know. */
  #acknowledged = 0;

  constructor(seed: number, policy: SyncPolicy) {
    this.random = new SeededRandom(seed);
    this.disk = new SimulatedDisk(seed);
    // A value with a hole in the middle is found by nobody: the format has no checksums. So of
    // several writes that nobody has waited for whole ones are lost, or the last ones.
    this.disk.writesShort = this.random.fraction() < 0.5;
    this.disk.keepsOrder = this.disk.writesShort;
    this.disk.tearsWrites = this.disk.keepsOrder || policy === 'always';
    this.policy = policy;
    this.#usesSnapshots = this.random.fraction() < 0.5;
    this.engine = new DurableEngine(this.disk, policy, this.#usesSnapshots);
  }

  /** Whether the client has heard of all that it did. */
  get isAcknowledged(): boolean {
    return this.#acknowledged === this.#states.length - 1;
  }

  /** Begins with an empty disk; before that starts fail at the first call of these kinds. */
  async start(failing: readonly CallKind[] = []): Promise<void> {
    const { nowMs } = this.engine;
    for (const kind of failing) await this.#failStart(nowMs, kind);
    await this.engine.data.load();
    this.#note();
  }

  /** Whether the fault has come that the trial was armed with last. */
  get isHit(): boolean {
    return this.#armed === null;
  }

  /**
   * Has one of the next calls fail: of a kind the first or second that comes, or any of the next
   * few where that is null.
   */
  arm(fault: Fault, kind: CallKind | null): void {
    this.#armAt(fault, kind, this.random.integer(1, kind === null ? CALLS_MAX : 2));
  }

  #armAt(fault: Fault, kind: CallKind | null, call: number): void {
    const { disk } = this;
    let left = call;
    this.#armed = fault;
    disk.faultAt = (_, name) => {
      if (kind !== null && kindOf(name) !== kind) return null;
      if (--left !== 0) return null;
      this.faults.add(`${fault} ${kindOf(name)}`);
      this.#armed = null;
      return fault;
    };
  }

  /** Gives commands, at least so many and until the fault has come, while there is power. */
  async work(commandsMin: number): Promise<void> {
    const { disk, random } = this;
    for (let i = 0; i < COMMANDS_MAX && disk.hasPower; i++) {
      if (i >= commandsMin && this.isHit) break;
      this.#change();
      for (let turns = random.integer(0, 4); turns > 0; turns--) await this.#turn();
      if (random.fraction() < 0.3) {
        this.engine.tick(random.integer(50, 800));
        await this.#turn();
        await this.#turn();
      }
      if (random.fraction() < 0.12) {
        this.engine.text(random.pick(['BGREWRITEAOF', 'BGREWRITEAOF', 'BGSAVE']));
      }
    }
  }

  /** Lets a disk that works again bring everything in order. */
  async recover(): Promise<void> {
    this.disk.faultAt = () => null;
    for (let ticks = 0; ticks < 80; ticks++) {
      this.engine.tick();
      for (let turns = 0; turns < 8; turns++) await this.#turn();
    }
  }

  /** Changes something and has it written. What is wrong, or null. */
  async changeForSure(): Promise<string | null> {
    const reply = this.engine.text('INCR', 'sure');
    if (!reply.startsWith('(integer)')) return `writes are still refused: ${reply}`;
    this.#note();
    for (let ticks = 0; ticks < 40; ticks++) {
      this.engine.tick();
      await this.#turn();
    }
    return this.policy === 'everysec' || this.isAcknowledged ? null : 'it is never acknowledged';
  }

  /**
   * Takes the power and gives it back; starts fail before one succeeds, at the first call of these
   * kinds. What is wrong with the state that is found, or null.
   */
  async restart(failing: readonly CallKind[] = []): Promise<string | null> {
    const { engine } = this;
    await this.#die();
    this.disk.restart();
    for (const kind of failing) await this.#failStart(engine.nowMs, kind);
    const after = this.#newEngine(engine.nowMs);
    await after.data.load();
    const found = after.digest();
    const problem = this.#problemOf(found, engine.nowMs);
    this.engine = after;
    this.#states = [];
    this.#acknowledged = 0;
    this.#note();
    return problem;
  }

  #problemOf(found: string, nowMs: number): string | null {
    const at = this.#states.findLastIndex(({ digest }) => digest === found);
    if (at < 0) return 'a state that never was';
    if (this.policy === 'always') {
      return at < this.#acknowledged ? 'an acknowledged change is lost' : null;
    }
    const next = this.#states[at + 1];
    return next !== undefined && nowMs - next.atMs > LOST_MS_MAX ? 'too much is lost' : null;
  }

  /** A start that loses its power, or fails, and leaves on the disk what was there. */
  async #failStart(nowMs: number, kind: CallKind): Promise<void> {
    this.#armAt(this.random.pick(['crash', 'EIO'] as const), kind, 1);
    const engine = this.#newEngine(nowMs);
    // It may be refused, or be through with it.
    await engine.data.load().catch(() => undefined);
    await this.#die(engine);
    this.disk.restart();
  }

  #newEngine(nowMs: number): DurableEngine {
    const engine = new DurableEngine(this.disk, this.policy, this.#usesSnapshots);
    engine.nowMs = nowMs;
    engine.engine.tick();
    return engine;
  }

  /** Takes the power from what an engine may still be about to do. */
  async #die({ data } = this.engine): Promise<void> {
    const { disk } = this;
    disk.faultAt = () => 'crash';
    try {
      disk.begin('end directory');
    } catch (problem) {
      if (!(problem instanceof PowerLoss)) throw problem;
    }
    do await turn();
    while (data.appendOnly.isRewriting || data.snapshots.background.isRunning);
    for (let turns = 0; turns < 3; turns++) await turn();
  }

  #note(): void {
    this.#states.push({ digest: this.engine.digest(), atMs: this.engine.nowMs });
    this.#acknowledge();
  }

  #acknowledge(): void {
    if (this.policy === 'always' && this.engine.isAcknowledged) {
      this.#acknowledged = this.#states.length - 1;
    }
  }

  async #turn(): Promise<void> {
    await turn();
    this.#acknowledge();
  }

  #change(): void {
    const { random } = this;
    const key = random.pick(KEYS);
    switch (random.integer(0, 6)) {
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
      case 4:
        this.#do('XADD', 'stream', '*', 'f', key);
        break;
      default:
        this.#do('INCRBYFLOAT', 'f', '0.1');
    }
  }

  #do(...line: readonly string[]): void {
    this.engine.text(...line);
    this.#note();
  }
}

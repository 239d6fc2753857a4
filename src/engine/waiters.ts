/**
 * Clients that wait for keys: who they are, and in which order they came.
 *
 *   WaitedKey  a key of a database
 *     Lane     those who wait there for the same thing, the first to come first
 *       Place  one of them; a waiter has a place in a lane of each of its keys
 *
 * Places are chained, so that leaving costs the same however many wait.
 *
 * Most of those who wait do so again and again with the same command. A waiter is therefore kept
 * for the next time, with its places and what these were in: made anew for each wait, all of them
 * live just long enough for the collector to move them about.
 */
import type { RegisteredCommand } from '../commands/registry.ts';
import type { Wait, WaitState } from '../commands/services/blocking.ts';
import type { Database } from '../keyspace/database.ts';
import { TYPE_STREAM } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import { hashBytes } from '../structures/siphash.ts';
import { Deadline } from './deadlines.ts';
import { IndexedKey } from './key-index.ts';
import type { Session } from './session.ts';

/** What a waiter may have and still be kept for the next time. */
const KEPT_BYTES_MAX = 256;
const KEPT_KEYS_MAX = 4;

/** A client that waits with its command. */
export class Waiter extends Deadline implements WaitState {
  readonly session: Session;
  readonly database: Database;
  readonly command: RegisteredCommand;
  /** A copy. */
  readonly args: Args;
  readonly wait: Wait;
  /** Which one it was of those who were woken; owned by WakeAhead. */
  number = 0;
  /** The first of its places. */
  places: Place | null = null;

  constructor(session: Session, command: RegisteredCommand, args: Args, wait: Wait) {
    super();
    this.session = session;
    this.database = session.database;
    this.command = command;
    this.args = args.clone();
    this.wait = wait;
  }

  get argumentBytes(): number {
    return this.args.bytes.length;
  }

  /** Reads what serving it is going to need; a number that means nothing. */
  touch(): number {
    const { args, session } = this;
    const { transport } = session;
    const sum = args.bytes[0]! + args.start(0) + args.view.byteLength + session.activeSeconds;
    return transport.touch === undefined ? sum : sum + transport.touch();
  }

  /** Whether it is small enough to be kept when it does not wait any longer. */
  get isKept(): boolean {
    return this.argumentBytes <= KEPT_BYTES_MAX && this.wait.keyCount <= KEPT_KEYS_MAX;
  }

  /** Whether it would wait for the same in the same way. */
  isSame({ database }: Session, command: RegisteredCommand, args: Args): boolean {
    return this.command === command && this.database === database && this.args.equals(args);
  }
}

/** A waiter's place in a lane. */
export class Place {
  readonly waiter: Waiter;
  /** The one it is in, or was. */
  lane: Lane;
  /** Index of the argument that is the key. */
  readonly key: number;
  before: Place | null = null;
  behind: Place | null = null;
  nextOfWaiter: Place | null;

  /** At the end of the lane. */
  constructor(waiter: Waiter, lane: Lane, key: number) {
    this.waiter = waiter;
    this.lane = lane;
    this.key = key;
    this.nextOfWaiter = waiter.places;
    waiter.places = this;
    this.enter(lane);
  }

  /** Goes to the end of a lane. REQUIRES: it is in none. */
  enter(lane: Lane): void {
    this.lane = lane;
    this.before = lane.last;
    this.behind = null;
    if (lane.last === null) lane.first = this;
    else lane.last.behind = this;
    lane.last = this;
    lane.count++;
    lane.key.lastWaiter = this.waiter;
  }

  /** Leaves the lane. */
  leave(): void {
    const { lane, before, behind } = this;
    if (lane.key.lastWaiter === this.waiter) lane.key.lastWaiter = null;
    if (before === null) lane.first = behind;
    else before.behind = behind;
    if (behind === null) lane.last = before;
    else behind.before = before;
    if (--lane.count === 0) lane.close();
  }
}

/** Those who wait for the same thing in a key. */
export class Lane {
  readonly key: WaitedKey;
  readonly type: number;
  /** Hash and name of the consumer group that they wait for; 0 and null for none. */
  readonly groupHash: number;
  readonly group: Buffer | null;
  first: Place | null = null;
  last: Place | null = null;
  count = 0;
  before: Lane | null = null;
  behind: Lane | null = null;

  /** It is to be opened. */
  constructor(key: WaitedKey, type: number, groupHash: number, group: Buffer | null) {
    this.key = key;
    this.type = type;
    this.groupHash = groupHash;
    this.group = group;
  }

  /** Comes behind the others of its key. REQUIRES: it is not there. */
  open(): void {
    const { key } = this;
    this.before = key.lastLane;
    this.behind = null;
    if (key.lastLane === null) key.firstLane = this;
    else key.lastLane.behind = this;
    key.lastLane = this;
    if (this.group !== null) key.groupCount++;
  }

  /** Whether what the first cannot get is not there for those behind either. */
  get isUniform(): boolean {
    return this.type !== TYPE_STREAM || this.group !== null;
  }

  /** Goes, with the last of its places. */
  close(): void {
    const { key, before, behind } = this;
    if (before === null) key.firstLane = behind;
    else before.behind = behind;
    if (behind === null) key.lastLane = before;
    else behind.before = before;
    if (this.group !== null) key.groupCount--;
  }
}

/** A key that somebody waits for. */
export class WaitedKey extends IndexedKey {
  firstLane: Lane | null = null;
  lastLane: Lane | null = null;
  /** Lanes for consumer groups. */
  groupCount = 0;
  /** Who came last. */
  lastWaiter: Waiter | null = null;
  /** Whether it is in the queue of keys that may have become ready. */
  isQueued = false;
  /** The one behind it there. */
  nextReady: WaitedKey | null = null;

  /**
   * The lane for what a command waits for, opened when there is none: `old`, where it has waited
   * for the same before, if that was of this key.
   */
  laneFor(args: Args, { type, group }: Wait, old: Lane | null): Lane {
    const length = group === 0 ? 0 : args.length(group);
    const start = group === 0 ? 0 : args.start(group);
    const hash = group === 0 ? 0 : hashBytes(args.view, start, length);
    for (let lane = this.firstLane; lane !== null; lane = lane.behind) {
      if (lane.type !== type || lane.groupHash !== hash) continue;
      if (group === 0 && lane.group === null) return lane;
      if (group !== 0 && lane.group?.equals(args.bytes.subarray(start, start + length))) {
        return lane;
      }
    }
    const isOld = old !== null && old.key === this;
    const lane = isOld ? old : new Lane(this, type, hash, group === 0 ? null : args.copy(group));
    lane.open();
    return lane;
  }
}

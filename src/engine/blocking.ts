/**
 * Clients that wait: BLPOP and its like.
 *
 * A command that finds nothing is parked here with a copy of its arguments; its connection runs
 * nothing more meanwhile. Whatever happens to a key that is waited for puts the key into a queue.
 * After each command, and after a whole transaction, the keys of the queue are gone through in the
 * order in which something happened to them, and of each those who wait, the first to come first:
 * `serve` of their command tries again, with that key. What this changes may put further keys into
 * the queue. Commands that waited then go on as if they had just run; what their clients have sent
 * behind them runs after the batch that woke them.
 *
 * `Executor.serve` is the place where a served command can be propagated as what it has become (the
 * LPOP of a BLPOP), in the order in which it changed something.
 */
import type { Context } from '../commands/command.ts';
import { CommandError } from '../commands/errors.ts';
import {
  type Blocking as BlockingService,
  NO_TYPE,
  type UnblockReason,
  type Wait,
} from '../commands/services/blocking.ts';
import type { ClientState, LateReply } from '../commands/services/clients.ts';
import type { Database } from '../keyspace/database.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import {
  CONSUMER_CREATED,
  CONSUMER_DELETED,
  DELETED,
  ENTRY_DELETED,
  EXPIRY_SET,
  GROUP_CREATED,
  GROUP_ID_SET,
  KEY_MISS,
  type KeyEvent,
  LIST_REMOVED,
  LIST_SET,
  LIST_TRIMMED,
  PENDING_CHANGED,
  PERSISTED,
  POPPED_FIRST,
  POPPED_GREATEST,
  POPPED_LAST,
  POPPED_LEAST,
  STREAM_ID_SET,
  STREAM_TRIMMED,
} from '../keyspace/events.ts';
import type { ChangeListener, Keyspace } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Clock } from './clock.ts';
import { Deadlines } from './deadlines.ts';
import type { Executor } from './execute.ts';
import { KeyIndex } from './key-index.ts';
import type { WaitQueue } from './listeners.ts';
import { type Session, STOP_WAITING, sessionOf } from './session.ts';
import { type Lane, Place, WaitedKey, Waiter } from './waiters.ts';
import { WakeAhead } from './wake-ahead.ts';

/** After these a key has nothing that it did not have before, and is still there. */
const QUIET: ReadonlySet<KeyEvent> = new Set([
  KEY_MISS,
  EXPIRY_SET,
  PERSISTED,
  POPPED_FIRST,
  POPPED_LAST,
  POPPED_LEAST,
  POPPED_GREATEST,
  LIST_SET,
  LIST_REMOVED,
  LIST_TRIMMED,
  ENTRY_DELETED,
  STREAM_TRIMMED,
  STREAM_ID_SET,
  GROUP_CREATED,
  GROUP_ID_SET,
  CONSUMER_CREATED,
  CONSUMER_DELETED,
  PENDING_CHANGED,
]);

const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK';

/** See the file's comment. */
export class Blocking implements BlockingService, ChangeListener, WaitQueue, LateReply {
  clientCount = 0;
  readonly #executor: Executor;
  readonly #keyspace: Keyspace;
  readonly #keys = new KeyIndex<WaitedKey>();
  readonly #ahead = new WakeAhead(this.#keys);
  readonly #deadlines: Deadlines<Waiter>;
  /** Keys that may have become ready, chained: an array would be made anew for each push. */
  #firstReady: WaitedKey | null = null;
  #lastReady: WaitedKey | null = null;
  /** Clients that have been answered and whose input is to go on. */
  #answered: Session[] = [];
  /** The place whose waiter is being served. */
  #served: Place | null = null;

  constructor(executor: Executor, keyspace: Keyspace, clock: Clock) {
    this.#executor = executor;
    this.#keyspace = keyspace;
    this.#deadlines = new Deadlines(clock, (waiter) => this.#giveUp(waiter));
  }

  get timedCount(): number {
    return this.#deadlines.count;
  }

  get keyCount(): number {
    return this.#keys.count;
  }

  get groupKeyCount(): number {
    return [...this.#keys].filter(({ groupCount }) => groupCount > 0).length;
  }

  get isReady(): boolean {
    return this.#firstReady !== null;
  }

  wait(context: Context, args: Args, wait: Wait): boolean {
    const session = sessionOf(context.client);
    if (session.deniesBlocking) return false;
    const waiter = this.#waiterOf(session, args, wait);
    if (wait.timeoutMs > 0) this.#deadlines.add(waiter, wait.timeoutMs);
    session.waiting = waiter;
    session.stop |= STOP_WAITING;
    if (++this.clientCount === 1) {
      this.#keyspace.listen(this);
      this.#executor.waits = this;
    }
    return true;
  }

  unblock(client: ClientState, reason: UnblockReason): boolean {
    const { waiting } = sessionOf(client);
    if (waiting === null) return false;
    if (reason === 'error') this.#answer(waiting, UNBLOCKED);
    else this.#giveUp(waiting);
    return true;
  }

  forget(client: ClientState): void {
    const session = sessionOf(client);
    if (session.waiting !== null) this.#end(session.waiting);
    this.#ahead.forget(session);
  }

  keyChanged(database: Database, args: Args, key: number, event: KeyEvent): void {
    if (QUIET.has(event)) return;
    const waited = this.#keys.find(database, args, key);
    // Only who waits for a group asks whether a key is gone.
    if (waited === null || (event === DELETED && waited.groupCount === 0)) return;
    this.#queue(waited);
  }

  databaseFlushed(database: Database): void {
    for (const key of this.#keys.ofDatabase(database.id)) if (key.groupCount > 0) this.#queue(key);
  }

  databasesSwapped(first: Database, second: Database): void {
    for (const database of [first, second]) {
      for (const key of this.#keys.ofDatabase(database.id)) {
        const isThere = key.recordIn(database, database.root) !== NO_ENTRY;
        if (isThere || key.groupCount > 0) this.#queue(key);
      }
    }
  }

  serve(): void {
    for (let key = this.#firstReady; key !== null; key = this.#firstReady) {
      this.#firstReady = key.nextReady;
      if (key.nextReady === null) this.#lastReady = null;
      key.nextReady = null;
      key.isQueued = false;
      for (let lane = key.firstLane; lane !== null; lane = lane.behind) this.#serveLane(lane);
    }
  }

  touch(batch: readonly Args[], count: number): void {
    this.#ahead.touch(batch, count);
  }

  /** Serves the waiter that has its turn, see `#serve`. */
  write(reply: Reply): boolean {
    const { waiter, key } = this.#served!;
    return this.#executor.serve(waiter.session, waiter.command, waiter.args, key, reply);
  }

  /** The waiter of a session, in its places: the one that has waited so before, or a new one. */
  #waiterOf(session: Session, args: Args, wait: Wait): Waiter {
    const command = this.#executor.lastCommandOf(session);
    const last = session.lastWaiter;
    if (last?.isSame(session, command, args)) {
      for (let place = last.places; place !== null; place = place.nextOfWaiter) {
        const waited = this.#waitedKey(last, place.key, place.lane.key);
        place.enter(waited.laneFor(last.args, wait, place.lane));
      }
      this.#ahead.returned(last);
      return last;
    }
    const waiter = new Waiter(session, command, args, wait);
    session.lastWaiter = waiter.isKept ? waiter : null;
    for (let i = 0; i < wait.keyCount; i++) {
      const key = wait.firstKey + i;
      const waited = this.#waitedKey(waiter, key, null);
      // It may be named a second time.
      if (waited.lastWaiter !== waiter) new Place(waiter, waited.laneFor(args, wait, null), key);
    }
    return waiter;
  }

  /** The key that a waiter names; `old` is one of the same name which may be used again. */
  #waitedKey({ database, args }: Waiter, key: number, old: WaitedKey | null): WaitedKey {
    const there = this.#keys.find(database, args, key);
    if (there !== null) return there;
    const waited = old ?? new WaitedKey(database, args, key);
    this.#keys.add(waited);
    return waited;
  }

  #queue(key: WaitedKey): void {
    if (key.isQueued) return;
    key.isQueued = true;
    if (this.#lastReady === null) this.#firstReady = key;
    else this.#lastReady.nextReady = key;
    this.#lastReady = key;
  }

  /** Serves as many as there is something for, and each at most once. */
  #serveLane(lane: Lane): void {
    let place = lane.first;
    for (let left = lane.count; place !== null && left > 0; left--) {
      const next = place.behind;
      if (lane.group === null && this.#typeOf(lane.key) !== lane.type) return;
      if (!this.#serve(place) && lane.isUniform) return;
      place = next;
    }
  }

  /** Whether the waiter in this place need not wait any longer. */
  #serve(place: Place): boolean {
    const { waiter } = place;
    this.#served = place;
    const isServed = waiter.session.closing || waiter.session.transport.answer(this);
    if (isServed) {
      this.#goOn(waiter);
      if (waiter === waiter.session.lastWaiter) this.#ahead.woke(waiter);
    }
    return isServed;
  }

  #typeOf(key: WaitedKey): number {
    const database = this.#keyspace.databases[key.databaseId]!;
    const { entries } = database;
    const entry = key.recordIn(database, database.root);
    if (entry === NO_ENTRY || (entries.expires(entry) && database.isDue(entry))) return NO_TYPE;
    return entries.type(entry);
  }

  /** Answers a waiter whose time is over. */
  #giveUp(waiter: Waiter): void {
    this.#answer(waiter, null);
  }

  /** Ends a wait with an error, or for null with what tells that there was nothing. */
  #answer(waiter: Waiter, error: string | null): void {
    const { session, command, wait } = waiter;
    const write = (reply: Reply): boolean => {
      this.#executor.conclude(session, command, reply, () => {
        if (error !== null) throw new CommandError(error);
        if (wait.type === NO_TYPE) reply.integer(0);
        else reply.nilArray();
      });
      return true;
    };
    session.transport.answer({ write });
    this.#goOn(waiter);
  }

  /** Ends the wait of a client that has been answered. */
  #goOn(waiter: Waiter): void {
    const { session } = waiter;
    this.#end(waiter);
    session.activeSeconds = this.#keyspace.nowSeconds;
    // Nothing has come behind the command: that is how most clients wait.
    if (session.transport.queryBytes() === 0) return;
    this.#answered.push(session);
    // The batch that runs and those that wait share a writer: they go on when it is done.
    if (this.#answered.length === 1) queueMicrotask(() => this.#resume());
  }

  #resume(): void {
    const answered = this.#answered;
    this.#answered = [];
    for (const { transport } of answered) transport.resume();
  }

  #end(waiter: Waiter): void {
    const { session } = waiter;
    if (session.waiting !== waiter) return;
    session.waiting = null;
    session.stop &= ~STOP_WAITING;
    for (let place = waiter.places; place !== null; place = place.nextOfWaiter) {
      place.leave();
      const { key } = place.lane;
      if (key.firstLane === null) this.#keys.remove(key);
    }
    this.#deadlines.remove(waiter);
    if (--this.clientCount === 0) {
      this.#keyspace.unlisten(this);
      this.#executor.waits = null;
    }
  }
}

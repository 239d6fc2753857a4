/**
 * Client-side caching: remembers which clients have read which keys, or listens to prefixes, and
 * tells them of keys that have changed.
 *
 * In the default mode a key is remembered when a command that only reads has named it, and
 * forgotten when the clients that have read it are told of its change. Of prefixes nothing is
 * remembered: what has changed is told at the end of the turn of the event loop.
 *
 * While nobody tracks, neither the keyspace nor the executor knows of all this, and no table is
 * there.
 */
import { keysOf } from '../commands/command-keys.ts';
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type { ClientState } from '../commands/services/clients.ts';
import type {
  TrackingOptions,
  Tracking as TrackingService,
  TrackingState,
} from '../commands/services/tracking.ts';
import type { Database } from '../keyspace/database.ts';
import { EVICTED, EXPIRED, GROUP_CREATED, type KeyEvent, NEW } from '../keyspace/events.ts';
import type { ChangeListener, Keyspace } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import { PushMessage } from '../protocol/push-message.ts';
import type { CallScope } from './call-scope.ts';
import type { Clients } from './clients.ts';
import type { Executor } from './execute.ts';
import { type Session, sessionOf } from './session.ts';
import { type Prefix, Prefixes } from './tracking-prefixes.ts';
import { TrackingTable } from './tracking-table.ts';
import { UNWATCHED } from './watches.ts';

const INVALIDATE = Buffer.from('invalidate');
const BROKEN = Buffer.from('tracking-redir-broken');
/** To a client of RESP2 that another one redirects to it comes as if somebody had published it. */
const MESSAGE = Buffer.from('message');
const CHANNEL = Buffer.from('__redis__:invalidate');

/** Keys that one command, or one tick, makes the table forget at most beside those it adds. */
const FORGOTTEN_AT_ONCE_MAX = 100;

/** A client that tracks. */
class Tracker implements TrackingState {
  readonly session: Session;
  options: TrackingOptions;
  caching = false;
  isBroken = false;
  readonly subscribed: Prefix<Session>[] = [];

  constructor(session: Session, options: TrackingOptions) {
    this.session = session;
    this.options = options;
  }

  prefixes(): readonly Buffer[] {
    return this.subscribed.map(({ bytes }) => bytes).sort(Buffer.compare);
  }
}

/** What there is to say of some keys, or with null of all: one message for all who are told. */
class Invalidation {
  readonly #keys: readonly Uint8Array[] | null;
  #direct: PushMessage | null = null;
  #published: PushMessage | null = null;

  constructor(keys: readonly Uint8Array[] | null) {
    this.#keys = keys;
  }

  get direct(): PushMessage {
    this.#direct ??= new PushMessage([INVALIDATE, this.#keys]);
    return this.#direct;
  }

  get published(): PushMessage {
    this.#published ??= new PushMessage([MESSAGE, CHANNEL, this.#keys]);
    return this.#published;
  }
}

/** What a client is told of what it has changed itself. */
interface OwnMessage {
  readonly tracker: Tracker;
  readonly message: Invalidation;
}

/** What a Tracking is given. */
interface TrackingParts {
  readonly keyspace: Keyspace;
  readonly executor: Executor;
  readonly clients: Clients;
  readonly random?: () => number;
}

/** See the file's comment. */
export class Tracking implements TrackingService, ChangeListener, CallScope {
  /** tracking-table-max-keys; Infinity for no limit. */
  keysMax: number = 1_000_000;
  readonly #keyspace: Keyspace;
  readonly #executor: Executor;
  readonly #clients: Clients;
  readonly #random: () => number;
  /** In the order in which they began. */
  readonly #trackers = new Map<Session, Tracker>();
  readonly #prefixes = new Prefixes<Session>();
  #table: TrackingTable | null = null;
  /** Whose command runs. */
  #caller: Session | null = null;
  /** Whether the command that runs has flushed, and it has been told. */
  #hasFlushed = false;
  /** Whether the last event was that there is a new key. */
  #isNew = false;
  /** Whether that command has waited, so that its reply goes out by itself, when it is written. */
  #isLate = false;
  /** What those whose commands run are to be told of themselves, behind the reply. */
  #own: OwnMessage[] = [];
  #isTelling = false;

  constructor({ keyspace, executor, clients, random = Math.random }: TrackingParts) {
    this.#keyspace = keyspace;
    this.#executor = executor;
    this.#clients = clients;
    this.#random = random;
  }

  get clientCount(): number {
    return this.#trackers.size;
  }

  get keyCount(): number {
    return this.#table?.keyCount ?? 0;
  }

  get itemCount(): number {
    return this.#table?.itemCount ?? 0;
  }

  get prefixCount(): number {
    return this.#prefixes.count;
  }

  get usedBytes(): number {
    return this.#table?.usedBytes ?? 0;
  }

  start(client: ClientState, options: TrackingOptions, prefixes: readonly Buffer[]): void {
    const session = sessionOf(client);
    let tracker = this.#trackers.get(session);
    if (tracker === undefined) {
      tracker = new Tracker(session, options);
      this.#trackers.set(session, tracker);
      session.tracking = tracker;
      if (this.#table === null) this.#begin();
    }
    tracker.options = options;
    tracker.isBroken = false;
    if (!options.broadcasts) return;
    for (const bytes of prefixes) {
      const prefix = this.#prefixes.add(bytes, session);
      if (!tracker.subscribed.includes(prefix)) tracker.subscribed.push(prefix);
    }
  }

  stop(client: ClientState): void {
    const session = sessionOf(client);
    const tracker = this.#trackers.get(session);
    if (tracker === undefined) return;
    for (const prefix of tracker.subscribed) this.#prefixes.remove(prefix, session);
    this.#trackers.delete(session);
    session.tracking = null;
    if (this.#trackers.size > 0) return;
    this.#table!.clear();
    // Whose command runs may be told something behind it, and may track again by then.
    if (this.#caller === null) this.#end();
  }

  entered(session: Session, isLate: boolean): Session | null {
    const outer = this.#caller;
    this.#caller = session;
    this.#isLate = isLate;
    this.#hasFlushed = false;
    return outer;
  }

  ran(session: Session, command: RegisteredCommand, args: Args): void {
    this.#hasFlushed = false;
    const { tracking } = session;
    if (tracking === null || (command.mask & FLAG_BITS.readonly) === 0) return;
    // What a script is given it need not read: the commands that it runs tell that.
    if (command.command.scriptFlags !== undefined) return;
    const { broadcasts, optsIn, optsOut } = tracking.options;
    if (broadcasts || (optsIn && !tracking.caching) || (optsOut && tracking.caching)) return;
    this.#remember(session, command, args);
  }

  left(session: Session, command: RegisteredCommand | null, outer: Session | null): void {
    const isLate = this.#isLate;
    this.#isLate = false;
    this.#caller = outer;
    if (!isLate) this.#settle();
    const { tracking } = session;
    if (tracking === null || !tracking.caching || session.queueing) return;
    // It waits, or waits on.
    if (session.waiting !== null && (!isLate || command === null)) return;
    // What steers the client itself is not what it has announced.
    if (command === null || !command.fullName.startsWith('client|')) tracking.caching = false;
  }

  served(): void {
    this.#settle();
  }

  keyChanged(database: Database, args: Args, key: number, event: KeyEvent): void {
    const wasNew = this.#isNew;
    this.#isNew = event === NEW;
    if (event === NEW) return;
    if (UNWATCHED.has(event) && !(wasNew && event === GROUP_CREATED)) return;
    if (this.#prefixes.count > 0) this.#broadcast(args, key, event);
    const table = this.#table;
    if (table === null || table.keyCount === 0) return;
    const hash = database.hash(args, key);
    const start = args.start(key);
    const length = args.length(key);
    const ids = table.take(hash, args.bytes, args.view, start, length);
    if (ids !== null)
      this.#invalidate(ids, Buffer.from(args.bytes.subarray(start, start + length)));
  }

  databaseFlushed(): void {
    // FLUSHALL empties one database after the other, and is told once.
    if (this.#hasFlushed) return;
    this.#hasFlushed = this.#caller !== null;
    this.#table?.clear();
    const message = new Invalidation(null);
    for (const tracker of [...this.#trackers.values()].sort(byId)) this.#send(tracker, message);
  }

  databasesSwapped(): void {
    // A key is tracked by its name alone, so Redis tells nobody.
  }

  /** Forgets some keys when there are more than there may be; to be called every 100 ms. */
  tick(): void {
    this.#forgetSome(FORGOTTEN_AT_ONCE_MAX);
  }

  #begin(): void {
    this.#table = new TrackingTable(this.#random);
    this.#keyspace.listen(this);
    this.#executor.scope = this;
  }

  #end(): void {
    this.#table?.release();
    this.#table = null;
    this.#caller = null;
    this.#keyspace.unlisten(this);
    this.#executor.scope = null;
  }

  #remember(session: Session, command: RegisteredCommand, args: Args): void {
    // The channels of sharded publishing are called keys, for clients that route commands.
    if ((command.mask & FLAG_BITS.pubsub) !== 0) return;
    const table = this.#table!;
    const { bytes, view } = args;
    const keys = keysOf(command.command, args);
    for (const { index } of keys) {
      const hash = session.database.hash(args, index);
      table.add(session.id, hash, bytes, view, args.start(index), args.length(index));
    }
    if (table.keyCount > this.keysMax) this.#forgetSome(keys.length + FORGOTTEN_AT_ONCE_MAX);
  }

  /** Brings the table towards its limit: whoever has read a key that goes is told of it. */
  #forgetSome(keysAtMost: number): void {
    const table = this.#table;
    if (table === null) return;
    for (let left = keysAtMost; left > 0 && table.keyCount > this.keysMax; left--) {
      const { key, ids } = table.takeAny();
      this.#invalidate(ids, key);
    }
  }

  #invalidate(ids: readonly number[], key: Buffer): void {
    const message = new Invalidation([key]);
    for (const id of ids) {
      const session = this.#clients.byId(id);
      const tracker = session && this.#trackers.get(session);
      if (tracker === undefined || tracker.options.broadcasts) continue;
      if (tracker.options.skipsOwn && session === this.#caller) continue;
      this.#send(tracker, message);
    }
  }

  /** Gathers a key for those who listen to its prefixes. */
  #broadcast(args: Args, key: number, event: KeyEvent): void {
    // These nobody has done, though it may have been on the occasion of a command.
    const by = event === EXPIRED || event === EVICTED ? null : this.#caller;
    if (!this.#prefixes.changed(args, key, by)) return;
    if (this.#prefixes.isFull) this.#tell();
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      this.#tell();
    });
  }

  /** Tells what was gathered. */
  #tell(): void {
    this.#prefixes.tell((prefix) => {
      const message = new Invalidation(prefix.keys(null));
      for (const session of prefix.clients) {
        const tracker = this.#trackers.get(session)!;
        if (!tracker.options.skipsOwn) {
          this.#send(tracker, message);
          continue;
        }
        const keys = prefix.keys(session);
        if (keys.length > 0) this.#send(tracker, new Invalidation(keys));
      }
    });
  }

  /** Tells a client that tracks, or whom it redirects to; what it did itself when that is done. */
  #send(tracker: Tracker, message: Invalidation): void {
    if (tracker.session === this.#caller) this.#own.push({ tracker, message });
    else this.#sendNow(tracker, message);
  }

  /** Tells what was put off, to whom it is redirected by now, and ends where nobody tracks. */
  #settle(): void {
    if (this.#own.length > 0) {
      const own = this.#own;
      this.#own = [];
      for (const { tracker, message } of own) {
        this.#sendNow(this.#trackers.get(tracker.session) ?? tracker, message);
      }
    }
    if (this.#trackers.size === 0 && this.#table !== null) this.#end();
  }

  #sendNow(tracker: Tracker, message: Invalidation): void {
    const { session } = tracker;
    const { redirect } = tracker.options;
    const receiver = redirect === 0 ? session : this.#clients.byId(redirect);
    if (receiver === undefined) {
      tracker.isBroken = true;
      if (session.resp3) session.transport.deliver(new PushMessage([BROKEN, redirect]));
    } else if (receiver.resp3) {
      receiver.transport.deliver(message.direct);
    } else if (redirect !== 0 && receiver.subscriptions !== null) {
      receiver.transport.deliver(message.published);
    }
    // A client of RESP2 could not tell this from a reply.
  }
}

function byId(a: Tracker, b: Tracker): number {
  return a.session.id - b.session.id;
}

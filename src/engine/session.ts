/** One client of the engine: a connection, or an embedded caller. Holds what outlives a command. */
import type { Context } from '../commands/command.ts';
import {
  type ClientState,
  REPLY_ON,
  REPLY_SKIP,
  type Transport,
} from '../commands/services/clients.ts';
import type { Subscriptions } from '../commands/services/pubsub.ts';
import type { TrackingState } from '../commands/services/tracking.ts';
import type { Services } from '../commands/services.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Transaction } from './transaction.ts';
import type { Waiter } from './waiters.ts';

/** Bits of `Session.gate`: while one is set, `execute` looks closer before it runs a command. */
export const GATE_PASSWORD = 1;
export const GATE_REPLIES = 2;
export const GATE_NO_TOUCH = 4;
const GATE_SUBSCRIBED = 8;
/** MULTI has begun a transaction: commands are queued. */
export const GATE_QUEUEING = 16;
const GATE_MONITORING = 32;
/** All of them. */
export const GATES_OF_SESSIONS = 63;
/** The client gets what it did not ask for just now. */
export const GATE_LISTENING: number = GATE_SUBSCRIBED | GATE_MONITORING;

/** Bits of `Session.stop`: while one is set, the connection runs no further command. */
export const STOP_CLOSING = 1;
/** The command just given was not run and is to be given again. */
export const STOP_PAUSED = 2;

/** The command that ran waits for its reply. */
export const STOP_WAITING = 4;

/** What CLIENT LIST shows in place of a command's name when there is none. */
export const NO_COMMAND = 'NULL';

/** See the file's comment. */
export class Session implements Context, ClientState {
  readonly id: number;
  readonly keyspace: Keyspace;
  readonly services: Services;
  readonly client: ClientState;
  readonly transport: Transport;
  readonly createdMs: number;
  activeSeconds: number;
  database: Database;
  gate = 0;
  stop = 0;
  name = '';
  libraryName = '';
  libraryVersion = '';
  resp3 = false;
  noEvict = false;
  lastCommand: string = NO_COMMAND;
  deniesBlocking = false;
  /** Whether a script runs commands for it. */
  inScript = false;
  /** Whether that script keeps what it changes out of the stream of changes. */
  isUnlogged = false;
  /** Whether it does again what was done before, so that nothing is checked or held back. */
  replays = false;
  /** Where in the stream of changes its own end. */
  written = 0;
  /** The command that waits for something; owned by Blocking. */
  waiting: Waiter | null = null;
  /** Who has waited last, kept for the next time; owned by Blocking. */
  lastWaiter: Waiter | null = null;
  /** What MULTI or WATCH has begun; owned by Transactions. */
  transaction: Transaction | null = null;
  /** Owned by Tracking. */
  tracking: TrackingState | null = null;
  #replies = REPLY_ON;
  #subscriptions: Subscriptions | null = null;

  constructor(id: number, keyspace: Keyspace, services: Services, transport: Transport) {
    this.id = id;
    this.keyspace = keyspace;
    this.services = services;
    this.transport = transport;
    this.database = keyspace.databases[0]!;
    this.createdMs = keyspace.nowMs;
    this.activeSeconds = keyspace.nowSeconds;
    this.client = this;
    this.authenticated = !services.password.required;
  }

  get databaseId(): number {
    return this.database.id;
  }

  get authenticated(): boolean {
    return (this.gate & GATE_PASSWORD) === 0;
  }

  set authenticated(value: boolean) {
    this.#setGate(GATE_PASSWORD, !value);
  }

  get replies(): number {
    return this.#replies;
  }

  set replies(value: number) {
    this.#replies = value;
    this.#setGate(GATE_REPLIES, value !== REPLY_ON);
  }

  get subscriptions(): Subscriptions | null {
    return this.#subscriptions;
  }

  set subscriptions(value: Subscriptions | null) {
    this.#subscriptions = value;
    this.#setGate(GATE_SUBSCRIBED, value !== null);
  }

  get monitoring(): boolean {
    return (this.gate & GATE_MONITORING) !== 0;
  }

  set monitoring(value: boolean) {
    this.#setGate(GATE_MONITORING, value);
  }

  get noTouch(): boolean {
    return (this.gate & GATE_NO_TOUCH) !== 0;
  }

  set noTouch(value: boolean) {
    this.#setGate(GATE_NO_TOUCH, value);
  }

  /** Whether commands are queued for EXEC. */
  get queueing(): boolean {
    return (this.gate & GATE_QUEUEING) !== 0;
  }

  set queueing(value: boolean) {
    this.#setGate(GATE_QUEUEING, value);
  }

  get closing(): boolean {
    return (this.stop & STOP_CLOSING) !== 0;
  }

  get paused(): boolean {
    return (this.stop & STOP_PAUSED) !== 0;
  }

  reset(): void {
    this.database = this.keyspace.databases[0]!;
    this.name = '';
    this.resp3 = false;
    this.noEvict = false;
    this.noTouch = false;
    // To skip the reply of RESET itself was asked for before.
    if (this.replies !== REPLY_SKIP) this.replies = REPLY_ON;
    if (this.monitoring) this.services.monitors.remove(this);
    if (this.transaction !== null) this.services.transactions.discard(this);
    if (this.#subscriptions !== null) this.services.pubsub.unsubscribeAll(this);
    if (this.tracking !== null) this.services.tracking.stop(this);
    this.authenticated = !this.services.password.required;
  }

  closeAfterReply(): void {
    this.stop |= STOP_CLOSING;
  }

  #setGate(bit: number, on: boolean): void {
    this.gate = on ? this.gate | bit : this.gate & ~bit;
  }
}

/** The session that a client of a command is. */
export function sessionOf(client: ClientState): Session {
  // Sessions are all the clients that there are.
  return client as Session;
}

/** The transaction of a session, begun when there is none. */
export function transactionOf(session: Session): Transaction {
  session.transaction ??= new Transaction();
  return session.transaction;
}

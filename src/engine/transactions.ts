/**
 * MULTI and EXEC: queues the commands of a client and runs them together, through the executor like
 * any others. Nothing of another client comes in between, because nothing else runs meanwhile.
 */

import { CommandError } from '../commands/errors.ts';
import type { RegisteredCommand } from '../commands/registry.ts';
import { type ClientState, REPLY_OFF, REPLY_ON, REPLY_SKIP } from '../commands/services/clients.ts';
import type { Transactions as TransactionsService } from '../commands/services/transactions.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Args } from '../protocol/args.ts';
import type { CommandQueue } from '../protocol/command-queue.ts';
import type { Reply } from '../protocol/reply.ts';
import { maskOf } from './call-mask.ts';
import type { Executor } from './execute.ts';
import type { Limits } from './limits.ts';
import type { Log } from './log.ts';
import { type Session, sessionOf, transactionOf } from './session.ts';
import type { Transaction } from './transaction.ts';
import type { FineWallClock } from './wall-clock.ts';
import { Watches } from './watches.ts';

const EXEC_ABORTED = new CommandError(
  'EXECABORT Transaction discarded because of previous errors.',
);

/** See the file's comment. */
export class Transactions implements TransactionsService {
  readonly watches: Watches;
  readonly #executor: Executor;
  readonly #limits: Limits;
  readonly #wallClock: FineWallClock;
  readonly #log: Log;
  /** The command of a transaction that runs. */
  readonly #args = new Args();

  constructor(
    executor: Executor,
    keyspace: Keyspace,
    wallClock: FineWallClock,
    limits: Limits,
    log: Log,
  ) {
    this.#executor = executor;
    this.#wallClock = wallClock;
    this.#limits = limits;
    this.#log = log;
    this.watches = new Watches(keyspace);
  }

  begin(client: ClientState): void {
    const session = sessionOf(client);
    const transaction = transactionOf(session);
    transaction.isOpen = true;
    session.queueing = true;
  }

  queue(client: ClientState, command: RegisteredCommand, args: Args): void {
    const transaction = transactionOf(sessionOf(client));
    // It will not be run in any case.
    if (transaction.isTouched || transaction.isSpoilt) return;
    transaction.queue.add(args);
    transaction.mask |= maskOf(sessionOf(client), command, args);
    if (transaction.queuedBytes > this.#limits.queryBytesMax) this.#disconnect(client);
  }

  spoil(client: ClientState): void {
    transactionOf(sessionOf(client)).isSpoilt = true;
  }

  execute(client: ClientState, reply: Reply): void {
    const session = sessionOf(client);
    const transaction = transactionOf(session);
    if (this.watches.haveExpired(transaction)) transaction.isTouched = true;
    const { isSpoilt, isTouched } = transaction;
    this.watches.clear(transaction);
    try {
      if (isSpoilt) throw EXEC_ABORTED;
      if (isTouched) reply.nilArray();
      else this.#run(session, transaction, reply);
    } finally {
      this.discard(client);
    }
  }

  discard(client: ClientState): void {
    const session = sessionOf(client);
    if (session.transaction === null) return;
    this.watches.clear(session.transaction);
    session.transaction = null;
    session.queueing = false;
  }

  watch(client: ClientState, database: Database, args: Args, key: number): void {
    this.watches.add(transactionOf(sessionOf(client)), database, args, key);
  }

  unwatch(client: ClientState): void {
    const { transaction } = sessionOf(client);
    if (transaction === null) return;
    this.watches.clear(transaction);
    transaction.isTouched = false;
    if (!transaction.isOpen) sessionOf(client).transaction = null;
  }

  #run(session: Session, { queue }: Transaction, reply: Reply): void {
    const mark = reply.mark();
    reply.array(queue.count);
    if (session.replies === REPLY_OFF || session.replies === REPLY_SKIP) reply.rewind(mark);
    session.queueing = false;
    this.#wallClock.hold();
    try {
      this.#executor.runTogether(session, () => this.#runQueued(session, queue, reply));
    } finally {
      this.#wallClock.release();
    }
  }

  #runQueued(session: Session, queue: CommandQueue, reply: Reply): void {
    queue.forEach(this.#args, () => this.#executor.execute(session, this.#args, reply));
    // Each command has decided for itself whether it is answered.
    if (session.replies !== REPLY_ON) this.#executor.keepReplies(reply);
  }

  #disconnect(client: ClientState): void {
    this.#log.warning('Closing client: its transaction is longer than its query buffer may be', {
      client: client.transport.address,
    });
    client.transport.destroy();
  }
}

/** Commands that may wait, called inside of a process: each runs as a client of its own. */
import type { LateReply, Transport } from './commands/services/clients.ts';
import type { Engine } from './engine/engine.ts';
import type { Session } from './engine/session.ts';
import type { Args } from './protocol/args.ts';
import { ReplyError, type ReplyValue, type ValueWriter } from './protocol/value-writer.ts';

/**
 * Runs a command in the database of `origin`, and settles when it is answered. Rejects with
 * ReplyError when the reply is an error, and with Error when the engine closes or somebody ends the
 * wait by disconnecting the client. Copies the arguments if it has to wait.
 */
export function callWaiting<Leaf>(
  engine: Engine,
  origin: Session,
  args: Args,
  writer: ValueWriter<Leaf>,
): Promise<ReplyValue<Leaf>> {
  return new Promise((resolve, reject) => {
    new WaitingClient(engine, writer, resolve, reject).run(origin, args);
  });
}

/** The client of one call. */
class WaitingClient<Leaf> implements Transport {
  readonly kind = 'embedded';
  readonly address = 'embedded:0';
  readonly localAddress = 'embedded:0';
  readonly fileDescriptor = -1;
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #writer: ValueWriter<Leaf>;
  readonly #resolve: (value: ReplyValue<Leaf>) => void;
  readonly #reject: (problem: unknown) => void;

  constructor(
    engine: Engine,
    writer: ValueWriter<Leaf>,
    resolve: (value: ReplyValue<Leaf>) => void,
    reject: (problem: unknown) => void,
  ) {
    this.#engine = engine;
    this.#writer = writer;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#session = engine.openSession(this);
    this.#session.authenticated = true;
    this.#session.resp3 = true;
  }

  run(origin: Session, args: Args): void {
    const engine = this.#engine;
    const session = this.#session;
    session.database = origin.database;
    session.name = origin.name;
    this.#writer.resp3 = true;
    engine.beginBatch();
    try {
      engine.executor.execute(session, args, this.#writer);
      if (session.waiting === null) this.#settle();
    } catch (problem) {
      this.#fail(problem);
    } finally {
      engine.endBatch();
    }
  }

  answer(late: LateReply): boolean {
    try {
      if (!late.write(this.#writer)) return false;
      this.#settle();
    } catch (problem) {
      this.#fail(problem);
    }
    return true;
  }

  queryBytes(): number {
    return 0;
  }

  queryFreeBytes(): number {
    return 0;
  }

  outputChunks(): number {
    return 0;
  }

  outputBytes(): number {
    return 0;
  }

  /** There is nobody to push to: the commands that ask for it are refused. */
  push(): void {
    this.#engine.log.debug('Nothing is pushed to the process itself');
  }

  deliver(): void {
    this.push();
  }

  /** There is nothing behind its one command. */
  resume(): void {
    this.#session.stop = 0;
  }

  destroy(): void {
    this.#fail(new Error('the client that waits was disconnected'));
  }

  #settle(): void {
    const reply = this.#writer.take() ?? null;
    this.#engine.closeSession(this.#session);
    if (reply instanceof ReplyError) this.#reject(reply);
    else this.#resolve(reply);
  }

  #fail(problem: unknown): void {
    this.#session.closeAfterReply();
    this.#engine.closeSession(this.#session);
    this.#reject(problem);
  }
}

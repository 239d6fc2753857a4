/**
 * A connection that speaks RESP: takes the bytes that arrive apart into commands, has them executed
 * in batches, and writes all their replies in one go.
 *
 * Commands lie in the buffer that the read filled and are executed out of it. Only what is left
 * over, the beginning of a command that is not complete or commands that must wait, is copied to a
 * buffer of the connection's own.
 */
import type { LateReply } from '../commands/services/clients.ts';
import { STOP_PAUSED } from '../engine/session.ts';
import { Args } from '../protocol/args.ts';
import type { PushMessage } from '../protocol/push-message.ts';
import { COMPLETE, INCOMPLETE, RequestParser } from '../protocol/request-parser.ts';
import {
  BATCH_COMMANDS,
  ClientConnection,
  type ConnectionSetting,
  FLUSH_BYTES,
} from './client-connection.ts';

/** See the file's comment. */
export class Connection extends ClientConnection {
  readonly #parser: RequestParser;
  /** The arguments read so far of a command that is not complete. */
  #partial: Args | null = null;
  /** What the client speaks between its batches: messages then need not look at the session. */
  #resp3 = false;
  /** Messages that wait for the end of the command which has brought them about. */
  #deferred: Buffer[] | null = null;

  constructor(setting: ConnectionSetting) {
    super(setting);
    this.#parser = new RequestParser(setting.engine.limits.bulkBytesMax);
  }

  push(bytes: Uint8Array): void {
    if (this.running) this.writer.raw(bytes);
    else this.outbox.send(Buffer.from(bytes));
  }

  deliver(message: PushMessage): void {
    if (!this.running) {
      this.outbox.post(this.#resp3 ? message.resp3 : message.resp2);
    } else if (!this.session.closing) {
      this.#deferred ??= [];
      this.#deferred.push(this.session.resp3 ? message.resp3 : message.resp2);
    }
  }

  protected sendLate(late: LateReply): boolean {
    const { lateWriter } = this.engine;
    lateWriter.reset();
    lateWriter.resp3 = this.session.resp3;
    if (!late.write(lateWriter)) return false;
    this.outbox.sendGathered();
    if (lateWriter.length > 0) this.outbox.flush(lateWriter);
    return true;
  }

  protected execute(bytes: Buffer, view: DataView, end: number): number {
    const { engine, session, writer } = this;
    const parser = this.#parser;
    const { batch } = this.scratch;
    writer.resp3 = session.resp3;
    parser.bulkBytesMax = engine.limits.bulkBytesMax;
    let done = 0;
    let count = 0;
    let outcome = COMPLETE;
    while (outcome === COMPLETE && session.stop === 0) {
      count = 0;
      // What may be sent before the password is given depends on the very next command.
      parser.unauthenticated = !session.authenticated;
      const countMax = parser.unauthenticated ? 1 : BATCH_COMMANDS;
      while (count < countMax) {
        const args = this.#nextArgs(batch, count, bytes, view);
        outcome = parser.parse(bytes, end, args);
        if (outcome !== COMPLETE) break;
        if (args.count > 0) count++;
        else if (count === 0) done = parser.position;
      }
      engine.executor.touch(session, batch, count);
      done = this.#executeBatch(batch, count, done);
    }
    if (session.stop === 0 && outcome !== INCOMPLETE) this.#refuse(parser.error);
    if (session.stop === 0 && parser.midCommand) {
      this.#partial = batch[count]!;
      batch[count] = new Args();
    }
    return done;
  }

  protected override append(bytes: Buffer, length: number): void {
    const { pending } = this;
    const missing = this.#parser.missingBytes(pending.length + length);
    if (pending.append(bytes, length, missing)) {
      this.#partial?.rebase(pending.bytes, pending.view, 0);
    }
  }

  protected override keep(bytes: Buffer, done: number, end: number): void {
    super.keep(bytes, done, end);
    const { pending, session } = this;
    const parser = this.#parser;
    if (pending.length === 0) {
      parser.position = 0;
      this.#partial = null;
    } else if (session.stop !== 0) {
      // Commands behind one that waits are parsed again when it is their turn.
      parser.restart();
    } else {
      parser.position -= done;
      this.#partial?.rebase(pending.bytes, pending.view, done);
    }
  }

  /** Returns the offset behind the last command that ran. */
  #executeBatch(batch: readonly Args[], count: number, from: number): number {
    const session = this.session;
    const { executor } = this.engine;
    let done = from;
    executor.bytesStay = count > 1;
    try {
      for (let i = 0; i < count && session.stop === 0; i++) {
        const args = batch[i]!;
        executor.execute(session, args, this.writer);
        if (this.#deferred !== null) this.#sendDeferred();
        if ((session.stop & STOP_PAUSED) === 0) done = args.end;
        if (this.writer.length > FLUSH_BYTES) this.flush();
      }
    } finally {
      executor.bytesStay = false;
    }
    this.#resp3 = session.resp3;
    return done;
  }

  #sendDeferred(): void {
    for (const bytes of this.#deferred!) this.writer.raw(bytes);
    this.#deferred = null;
  }

  #nextArgs(batch: Args[], index: number, bytes: Buffer, view: DataView): Args {
    if (this.#partial !== null) {
      batch[index] = this.#partial;
      this.#partial = null;
    } else if (!this.#parser.midCommand) {
      batch[index]!.reset(bytes, view);
    }
    return batch[index]!;
  }

  #refuse(error: string): void {
    this.writer.error(`ERR Protocol error: ${error}`);
    this.engine.statistics.failedWith('ERR', null, false);
    this.session.closeAfterReply();
  }
}

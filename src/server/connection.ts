/**
 * One client connection: takes the bytes that arrive apart into commands, has them executed in batches, and writes
 * all their replies in one go.
 *
 * Commands lie in the buffer that the read filled and are executed out of it. Only what is left over, the beginning
 * of a command that is not complete or commands that must wait, is copied to a buffer of the connection's own.
 */
import type { ClientKind, Transport } from '../commands/services/clients.ts';
import type { Engine } from '../engine/engine.ts';
import { type Session, STOP_CLOSING, STOP_PAUSED } from '../engine/session.ts';
import { Args } from '../protocol/args.ts';
import { COMPLETE, INCOMPLETE, RequestParser } from '../protocol/request-parser.ts';
import { ReplyTooLargeError, type RespWriter } from '../protocol/resp-writer.ts';
import { Outbox } from './outbox.ts';
import type { Stream } from './stream.ts';

/** Commands that are looked ahead at and then executed together. */
const BATCH_COMMANDS = 16;
/** Replies are flushed within a pipeline when they have grown to this. */
const FLUSH_BYTES = 256 * 1024;
const PENDING_BYTES_MIN = 1024;
/** A larger buffer for input is given up once it is mostly empty. */
const KEPT_PENDING_BYTES = 64 * 1024;

const NO_BYTES = Buffer.alloc(0);
const NO_VIEW = new DataView(new ArrayBuffer(0));

/** What the connections of one server share; valid only while one of them runs. */
export class ConnectionScratch {
  /** All reads go here. */
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  readonly readView: DataView = new DataView(this.readBuffer.buffer);
  readonly batch: Args[] = Array.from({ length: BATCH_COMMANDS }, () => new Args());
}

/** Where a connection came from. */
export interface ConnectionOrigin {
  readonly kind: ClientKind;
  readonly address: string;
  readonly localAddress: string;
}

/** See the file's comment. */
export class Connection implements Transport {
  readonly kind: ClientKind;
  readonly address: string;
  readonly localAddress: string;
  readonly stream: Stream;
  readonly session: Session;

  readonly #engine: Engine;
  readonly #writer: RespWriter;
  readonly #scratch: ConnectionScratch;
  readonly #parser: RequestParser;
  readonly #outbox: Outbox;
  readonly #onClosed: (connection: Connection) => void;

  /** Input that could not be executed yet: `#pending[0, #pendingLength)`. */
  #pending: Buffer = NO_BYTES;
  #pendingView: DataView = NO_VIEW;
  #pendingLength = 0;
  /** The arguments read so far of a command that is not complete. */
  #partial: Args | null = null;
  #running = false;

  constructor(
    open: (connection: Connection) => Stream,
    origin: ConnectionOrigin,
    engine: Engine,
    scratch: ConnectionScratch,
    onClosed: (connection: Connection) => void,
  ) {
    this.kind = origin.kind;
    this.address = origin.address;
    this.localAddress = origin.localAddress;
    this.#engine = engine;
    this.#writer = engine.writer;
    this.#scratch = scratch;
    this.#onClosed = onClosed;
    this.#parser = new RequestParser(engine.limits.bulkBytesMax);
    this.session = engine.openSession(this);
    this.stream = open(this);
    this.#outbox = new Outbox(this.stream, engine, () => this.destroy());
  }

  get fileDescriptor(): number {
    return this.stream.fileDescriptor;
  }

  queryBytes(): number {
    return this.#pendingLength;
  }

  queryFreeBytes(): number {
    return this.#pending.length - this.#pendingLength;
  }

  outputChunks(): number {
    return this.#outbox.chunks;
  }

  outputBytes(): number {
    return this.#outbox.bytes;
  }

  /** Input from the stream; valid only during the call. */
  onBytes(bytes: Buffer, length: number): void {
    if ((this.session.stop & STOP_CLOSING) !== 0) return;
    const { statistics } = this.#engine;
    statistics.reads++;
    statistics.inputBytes += length;
    if (this.#pendingLength === 0 && this.session.stop === 0) {
      const view = bytes === this.#scratch.readBuffer ? this.#scratch.readView : viewOf(bytes);
      this.#run(bytes, view, length);
      return;
    }
    if (this.#pendingLength + length > this.#engine.limits.queryBytesMax) {
      this.#engine.log.warning(
        `Closing client that reached max query buffer length: ${this.address}`,
      );
      this.destroy();
      return;
    }
    this.#append(bytes, length);
    if (this.session.stop === 0) this.#run(this.#pending, this.#pendingView, this.#pendingLength);
  }

  onDrained(): void {
    this.#outbox.drained();
  }

  onClosed(): void {
    this.session.stop |= STOP_CLOSING;
    this.#dropPending();
    this.#outbox.drop();
    this.#engine.closeSession(this.session);
    this.#onClosed(this);
  }

  push(bytes: Uint8Array): void {
    if (this.#running) this.#writer.raw(bytes);
    else this.#outbox.send(Buffer.from(bytes));
  }

  resume(): void {
    this.session.stop &= ~STOP_PAUSED;
    if (this.session.stop !== 0 || this.#pendingLength === 0 || this.#running) return;
    this.#run(this.#pending, this.#pendingView, this.#pendingLength);
  }

  destroy(): void {
    this.session.stop |= STOP_CLOSING;
    this.stream.destroy();
  }

  /** To be called now and then: a soft output limit is a limit in time. */
  checkSoftLimit(): void {
    this.#outbox.checkSoftLimit();
  }

  /** Executes all complete commands in `bytes[0, end)` and keeps the rest. */
  #run(bytes: Buffer, view: DataView, end: number): void {
    const engine = this.#engine;
    const session = this.session;
    const writer = this.#writer;
    const parser = this.#parser;
    const batch = this.#scratch.batch;
    this.#running = true;
    engine.beginBatch();
    writer.resp3 = session.resp3;
    parser.bulkBytesMax = engine.limits.bulkBytesMax;
    session.activeMs = engine.keyspace.nowMs;
    let done = 0;
    let count = 0;
    let outcome = COMPLETE;
    try {
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
        if (writer.length > FLUSH_BYTES) this.#flush();
      }
      if (session.stop === 0 && outcome !== INCOMPLETE) this.#refuse(parser.error);
    } catch (problem) {
      this.#fail(problem);
    } finally {
      this.#running = false;
      engine.endBatch();
    }
    if (session.stop === 0 && parser.midCommand) {
      this.#partial = batch[count]!;
      batch[count] = new Args();
    }
    this.#keep(bytes, done, end);
    this.#flush();
    if ((session.stop & STOP_CLOSING) !== 0) this.#outbox.end();
  }

  /**
   * Ends a connection whose command broke down. A mistake of ours costs the client that met it its
   * connection and leaves a trace in the log; everyone else is served on.
   */
  #fail(problem: unknown): void {
    const engine = this.#engine;
    this.#writer.reset();
    if (problem instanceof ReplyTooLargeError) {
      engine.log.warning('Closing client: its reply is larger than it may hold', {
        client: this.address,
        reason: problem.message,
      });
    } else {
      engine.log.warning('Closing client: a command failed unexpectedly', {
        client: this.address,
        command: this.session.lastCommand,
        reason: problem instanceof Error ? problem.stack : String(problem),
      });
    }
    this.destroy();
  }

  /** Returns the offset behind the last command that ran. */
  #executeBatch(batch: readonly Args[], count: number, from: number): number {
    const session = this.session;
    let done = from;
    for (let i = 0; i < count && session.stop === 0; i++) {
      const args = batch[i]!;
      this.#engine.executor.execute(session, args, this.#writer);
      if ((session.stop & STOP_PAUSED) === 0) done = args.end;
    }
    return done;
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
    this.#writer.error(`ERR Protocol error: ${error}`);
    this.#engine.statistics.failedWith('ERR', null, false);
    this.session.closeAfterReply();
  }

  /** Keeps `bytes[done, end)` for later. */
  #keep(bytes: Buffer, done: number, end: number): void {
    const left = end - done;
    const parser = this.#parser;
    if (left === 0 || (this.session.stop & STOP_CLOSING) !== 0) {
      parser.position = 0;
      this.#dropPending();
      return;
    }
    if (this.session.stop !== 0) {
      // Commands behind one that waits are parsed again when it is their turn.
      parser.restart();
    } else {
      parser.position -= done;
    }
    const oversized = this.#pending.length > KEPT_PENDING_BYTES && left * 4 < this.#pending.length;
    if (bytes === this.#pending && !oversized) {
      bytes.copyWithin(0, done, end);
    } else {
      this.#use(Buffer.allocUnsafe(Math.max(left, PENDING_BYTES_MIN)));
      bytes.copy(this.#pending, 0, done, end);
    }
    this.#pendingLength = left;
    this.#partial?.rebase(this.#pending, this.#pendingView, done);
  }

  #append(bytes: Buffer, length: number): void {
    const needed = this.#pendingLength + length;
    if (needed > this.#pending.length) {
      const missing = this.#parser.missingBytes(needed);
      // Doubling keeps the copying linear; a declared length only ever makes the step smaller.
      const wanted = missing > 0 ? Math.min(needed * 2, needed + missing) : needed * 2;
      const larger = Buffer.allocUnsafe(wanted);
      this.#pending.copy(larger, 0, 0, this.#pendingLength);
      this.#use(larger);
      this.#partial?.rebase(this.#pending, this.#pendingView, 0);
    }
    bytes.copy(this.#pending, this.#pendingLength, 0, length);
    this.#pendingLength = needed;
  }

  #use(buffer: Buffer): void {
    this.#pending = buffer;
    this.#pendingView = viewOf(buffer);
  }

  #dropPending(): void {
    if (this.#pending === NO_BYTES) return;
    this.#pending = NO_BYTES;
    this.#pendingView = NO_VIEW;
    this.#pendingLength = 0;
    this.#partial = null;
  }

  #flush(): void {
    if (this.#writer.length > 0) this.#outbox.flush(this.#writer);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * What every client connection does, whatever it speaks: it takes in what the stream reads, keeps
 * what cannot be executed yet, sends replies in one go per batch, and ends.
 */
import type { ClientKind, LateReply, Transport } from '../commands/services/clients.ts';
import type { Engine } from '../engine/engine.ts';
import { type Session, STOP_CLOSING, STOP_PAUSED } from '../engine/session.ts';
import { Args } from '../protocol/args.ts';
import type { PushMessage } from '../protocol/push-message.ts';
import { ReplyTooLargeError, type RespWriter } from '../protocol/resp-writer.ts';
import { Outbox, type OutboxGroup } from './outbox.ts';
import { PendingInput, viewOf } from './pending-input.ts';
import type { Stream, StreamEvents } from './stream.ts';

/** Replies are flushed within a pipeline when they have grown to this. */
export const FLUSH_BYTES: number = 256 * 1024;

/** Commands that are looked ahead at and then executed together. */
export const BATCH_COMMANDS = 16;

/** What the connections of one server share; valid only while one of them runs. */
export class ConnectionScratch {
  /** All reads go here. */
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  readonly readView: DataView = new DataView(this.readBuffer.buffer);
  readonly batch: Args[] = Array.from({ length: BATCH_COMMANDS }, () => new Args());
  /** Whether a connection runs its commands: all share this, and the writer. */
  isInUse = false;
}

/** Where a connection came from. */
export interface ConnectionOrigin {
  readonly kind: ClientKind;
  readonly address: string;
  readonly localAddress: string;
}

/** What a connection is given by its server. */
export interface ConnectionSetting {
  readonly origin: ConnectionOrigin;
  readonly engine: Engine;
  readonly scratch: ConnectionScratch;
  readonly outboxes: OutboxGroup;
  /** Opens the stream that tells the connection what happens. */
  readonly open: (events: StreamEvents) => Stream;
  readonly onClosed: (connection: ClientConnection) => void;
}

/** See the file's comment. */
export abstract class ClientConnection implements Transport, StreamEvents {
  readonly kind: ClientKind;
  readonly address: string;
  readonly localAddress: string;
  readonly stream: Stream;
  readonly session: Session;

  protected readonly engine: Engine;
  /** Replies of the batch that runs, and whatever else is to go out with them. */
  protected readonly writer: RespWriter;
  protected readonly scratch: ConnectionScratch;
  protected readonly pending: PendingInput = new PendingInput();
  protected readonly outbox: Outbox;
  /** Whether a batch of this connection runs. */
  protected running = false;
  readonly #onClosed: (connection: ClientConnection) => void;

  constructor(setting: ConnectionSetting) {
    const { origin, engine } = setting;
    this.kind = origin.kind;
    this.address = origin.address;
    this.localAddress = origin.localAddress;
    this.engine = engine;
    this.writer = engine.writer;
    this.scratch = setting.scratch;
    this.#onClosed = setting.onClosed;
    this.session = engine.openSession(this);
    this.stream = setting.open(this);
    this.outbox = new Outbox(this.stream, engine, this.session, setting.outboxes, () => {
      this.#overflowed();
    });
  }

  /**
   * Executes all complete commands in `bytes[0, end)`; answers the offset behind the last one that
   * need not be given again.
   */
  protected abstract execute(bytes: Buffer, view: DataView, end: number): number;

  abstract push(bytes: Uint8Array): void;

  abstract deliver(message: PushMessage): void;

  get fileDescriptor(): number {
    return this.stream.fileDescriptor;
  }

  queryBytes(): number {
    return this.pending.length;
  }

  queryFreeBytes(): number {
    return this.pending.freeBytes;
  }

  outputChunks(): number {
    return this.outbox.chunks;
  }

  outputBytes(): number {
    return this.outbox.bytes;
  }

  /** Input from the stream; valid only during the call. */
  onBytes(bytes: Buffer, length: number): void {
    const { session, engine, pending } = this;
    if ((session.stop & STOP_CLOSING) !== 0) return;
    engine.statistics.reads++;
    engine.statistics.inputBytes += length;
    if (pending.length === 0 && session.stop === 0) {
      const { readBuffer, readView } = this.scratch;
      this.#run(bytes, bytes === readBuffer ? readView : viewOf(bytes), length);
      return;
    }
    if (pending.length + length > engine.limits.queryBytesMax) {
      engine.log.warning(`Closing client that reached max query buffer length: ${this.address}`);
      this.destroy();
      return;
    }
    try {
      this.append(bytes, length);
    } catch (problem) {
      this.#fail(problem);
      return;
    }
    if (session.stop === 0) this.#run(pending.bytes, pending.view, pending.length);
    else engine.clients.memory?.look(session);
  }

  onDrained(): void {
    // Who reads is not idle.
    this.session.activeSeconds = this.engine.keyspace.nowSeconds;
    this.outbox.drained();
    this.engine.clients.memory?.look(this.session);
  }

  /**
   * The client has nothing more to say, but may still listen: it gets the replies that it waits
   * for.
   */
  onEnd(): void {
    this.session.closeAfterReply();
    this.pending.clear();
    this.outbox.end();
  }

  onClosed(): void {
    this.session.stop |= STOP_CLOSING;
    this.pending.clear();
    this.outbox.drop();
    this.engine.closeSession(this.session);
    this.#onClosed(this);
  }

  answer(late: LateReply): boolean {
    try {
      return this.sendLate(late);
    } catch (problem) {
      // Whoever has ended this client's wait is served on.
      this.#report(problem);
      this.destroy();
      return true;
    }
  }

  resume(): void {
    // What another client does may be what ends the wait: then this goes on when that is done.
    if (this.scratch.isInUse) queueMicrotask(() => this.#goOn());
    else this.#goOn();
  }

  touch(): number {
    return this.outbox.touchBoth() + this.pending.length;
  }

  destroy(): void {
    this.session.stop |= STOP_CLOSING;
    this.stream.destroy();
  }

  /** Sends a reply that was waited for; whether there is one. */
  protected abstract sendLate(late: LateReply): boolean;

  /** Puts input behind what is pending. */
  protected append(bytes: Buffer, length: number): void {
    this.pending.append(bytes, length, 0);
  }

  /** Keeps `bytes[done, end)` for later; nothing when the connection closes. */
  protected keep(bytes: Buffer, done: number, end: number): void {
    if (done === end || (this.session.stop & STOP_CLOSING) !== 0) this.pending.release();
    else this.pending.keep(bytes, done, end);
  }

  protected flush(): void {
    if (this.writer.length > 0) this.outbox.flush(this.writer);
  }

  #goOn(): void {
    const { session, pending } = this;
    session.stop &= ~STOP_PAUSED;
    if (session.stop !== 0 || pending.length === 0 || this.running) return;
    this.#run(pending.bytes, pending.view, pending.length);
  }

  #run(bytes: Buffer, view: DataView, end: number): void {
    const { engine, session, scratch } = this;
    let done = end;
    this.outbox.sendGathered();
    this.running = true;
    scratch.isInUse = true;
    engine.beginBatch();
    session.activeSeconds = engine.keyspace.nowSeconds;
    try {
      done = this.execute(bytes, view, end);
      this.keep(bytes, done, end);
    } catch (problem) {
      this.#fail(problem);
    } finally {
      this.running = false;
      engine.endBatch();
      scratch.isInUse = false;
    }
    this.flush();
    engine.clients.memory?.look(session);
    if ((session.stop & STOP_CLOSING) !== 0) this.outbox.end();
  }

  #overflowed(): void {
    if (this.session.closing) return;
    this.engine.log.warning('Closing client: it does not read its replies', {
      client: this.address,
      bytes: this.outbox.bytes,
    });
    this.destroy();
  }

  /**
   * Ends a connection whose command broke down. A mistake of ours costs the client that met it its
   * connection and leaves a trace in the log; everyone else is served on.
   */
  #fail(problem: unknown): void {
    this.writer.reset();
    this.pending.clear();
    this.#report(problem);
    this.destroy();
  }

  #report(problem: unknown): void {
    const { log } = this.engine;
    if (problem instanceof ReplyTooLargeError) {
      log.warning('Closing client: its reply is larger than it may hold', {
        client: this.address,
        reason: problem.message,
      });
    } else {
      log.warning('Closing client: a command failed unexpectedly', {
        client: this.address,
        command: this.session.lastCommand,
        reason: problem instanceof Error ? problem.stack : String(problem),
      });
    }
  }
}

/**
 * What one connection still has to send. As long as the system takes everything at once nothing is
 * kept here; a client that reads more slowly than we write has its replies queued, up to its
 * client-output-buffer-limit.
 */
import type { Engine } from '../engine/engine.ts';
import type { OutputLimit } from '../engine/limits.ts';
import type { Session } from '../engine/session.ts';
import type { RespWriter } from '../protocol/resp-writer.ts';
import { HeldReplies } from './held-replies.ts';
import { NO_LINK, type PushSender, PushTurn } from './push-turn.ts';
import { ReplyQueue } from './reply-queue.ts';
import type { Stream } from './stream.ts';

/** What may wait for a client that has yet to give the password: errors, which it is to read. */
const UNAUTHENTICATED_LIMIT: OutputLimit = { hardBytes: 16 * 1024, softBytes: 0, softSeconds: 0 };
/** Messages are sent before the end of the turn when they have grown to this. */
const GATHERED_BYTES_MAX = 256 * 1024;
/** What is handed to the system at once; more goes through the queue, which sends it in pieces. */
const DIRECT_BYTES_MAX = 1024 * 1024;

/** What the outboxes of one server share. */
export class OutboxGroup {
  readonly turn: PushTurn = new PushTurn();
  /** Those above their soft limit. */
  readonly overSoftLimit: Set<Outbox> = new Set();

  /** To be called now and then: a soft limit is a limit in time. */
  checkSoftLimits(): void {
    for (const outbox of [...this.overSoftLimit]) outbox.check();
  }
}

/** See the file's comment. */
export class Outbox implements PushSender {
  readonly #stream: Stream;
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #group: OutboxGroup;
  readonly #turn: PushTurn;
  readonly #overflow: () => void;
  /** Empty unless the stream is busy. */
  readonly #queue = new ReplyQueue();
  /** Replies that wait for the disk, and whatever comes behind them; null before the first. */
  #held: HeldReplies | null = null;
  /** Messages that are sent at the end of the turn, or with whatever is sent before. */
  #gathered: number = NO_LINK;
  #ending = false;
  /** When the soft limit was first exceeded, in ms since the epoch; 0 while it is not. */
  #softSinceMs = 0;

  /** `overflow` is called when the client holds more than it may. */
  constructor(
    stream: Stream,
    engine: Engine,
    session: Session,
    group: OutboxGroup,
    overflow: () => void,
  ) {
    this.#stream = stream;
    this.#engine = engine;
    this.#session = session;
    this.#group = group;
    this.#turn = group.turn;
    this.#overflow = overflow;
  }

  get chunks(): number {
    return this.#queue.chunks + (this.#stream.idle ? 0 : 1);
  }

  get bytes(): number {
    const held = this.#held === null ? 0 : this.#held.bytes;
    const gathered = this.#turn.lengthOf(this.#gathered);
    return this.#queue.bytes + this.#stream.pendingBytes + gathered + held;
  }

  /** Sends all that the writer holds and leaves it empty. REQUIRES: no message is gathered. */
  flush(writer: RespWriter): void {
    const { length } = writer;
    this.#engine.statistics.outputBytes += length;
    if (this.#mustHold()) {
      const isCopied = ReplyQueue.copies(length);
      this.#hold(isCopied ? writer.buffer.subarray(0, length) : writer.detach());
      if (isCopied) writer.reset();
      return;
    }
    if (!this.#stream.idle || length > DIRECT_BYTES_MAX) {
      if (ReplyQueue.copies(length)) {
        this.#queue.add(writer.buffer.subarray(0, length));
        writer.reset();
      } else {
        this.#queue.add(writer.detach());
      }
      this.#sendQueue();
      this.check();
    } else if (this.#write(writer.written())) {
      writer.reset();
    } else {
      writer.detach();
      this.check();
    }
  }

  /** Sends bytes that nobody will change, by the end of the turn, unless the client is leaving. */
  post(message: Buffer): void {
    if (this.#ending) return;
    const turn = this.#turn;
    if (this.#gathered === NO_LINK) turn.begin(this);
    this.#gathered = turn.append(this.#gathered, message);
    if (turn.lengthOf(this.#gathered) > GATHERED_BYTES_MAX) this.sendGathered();
  }

  /** See PushSender. */
  touch(): number {
    return this.#gathered + this.#stream.touch();
  }

  /** Reads what sending at once is going to need, and what the client's next input is. */
  touchBoth(): number {
    return this.touch() + (this.#stream.socket.destroyed ? 1 : 0);
  }

  /** Sends what was posted. */
  sendGathered(): void {
    const gathered = this.#gathered;
    if (gathered === NO_LINK) return;
    this.#gathered = NO_LINK;
    this.#send(this.#turn.bytesOf(gathered));
  }

  /** Sends bytes that nobody will change, at once. */
  send(bytes: Buffer): void {
    this.sendGathered();
    this.#send(bytes);
  }

  #send(bytes: Buffer): void {
    this.#engine.statistics.outputBytes += bytes.length;
    if (this.#mustHold()) {
      this.#hold(bytes);
      return;
    }
    if (!this.#stream.idle || bytes.length > DIRECT_BYTES_MAX) {
      this.#queue.add(bytes);
      this.#sendQueue();
    } else if (this.#write(bytes)) {
      return;
    }
    this.check();
  }

  /** The system has taken what it was given. */
  drained(): void {
    this.#sendQueue();
    if (this.#ending) this.#close();
  }

  /** Closes once everything is sent. */
  end(): void {
    this.#ending = true;
    this.sendGathered();
    this.#close();
  }

  drop(): void {
    this.#gathered = NO_LINK;
    this.#queue.clear();
    this.#held?.clear();
    this.#group.overSoftLimit.delete(this);
  }

  /** Says when the client holds more than it may, at once or for too long. */
  check(): void {
    const held = this.bytes;
    const limit = this.#limit();
    this.#engine.clients.memory?.look(this.#session);
    if (limit.hardBytes > 0 && held > limit.hardBytes) {
      this.#overflow();
      return;
    }
    if (limit.softBytes === 0 || held <= limit.softBytes) {
      this.#softSinceMs = 0;
      this.#group.overSoftLimit.delete(this);
      return;
    }
    const nowMs = this.#engine.keyspace.nowMs;
    if (this.#softSinceMs === 0) {
      this.#softSinceMs = nowMs;
      this.#group.overSoftLimit.add(this);
    } else if (nowMs - this.#softSinceMs > limit.softSeconds * 1000) {
      this.#overflow();
    }
  }

  /** Closes unless something is still to be sent. */
  #close(): void {
    if (this.#stream.idle && (this.#held === null || this.#held.isEmpty)) this.#stream.end();
  }

  /** Whether what is to be sent now has to wait for the disk, or is behind something that has. */
  #mustHold(): boolean {
    if (this.#held !== null && !this.#held.isEmpty) return true;
    const { commits } = this.#engine;
    return commits?.holds(this.#session) ?? false;
  }

  #hold(bytes: Buffer): void {
    this.#held ??= new HeldReplies();
    const isFirst = this.#held.isEmpty;
    this.#held.add(bytes, this.#session.written);
    if (isFirst) this.#engine.commits!.await(() => this.#release());
    this.check();
  }

  /** Sends what need not wait any longer; whether nothing waits. */
  #release(): boolean {
    const held = this.#held!;
    const { commits } = this.#engine;
    held.release((offset) => commits!.isKept(offset), this.#queue);
    this.drained();
    return held.isEmpty;
  }

  #sendQueue(): void {
    while (this.#stream.idle) {
      const piece = this.#queue.take();
      if (piece === undefined) return;
      this.#write(piece);
    }
  }

  #write(bytes: Buffer): boolean {
    this.#engine.statistics.writes++;
    return this.#stream.write(bytes);
  }

  #limit(): OutputLimit {
    if (!this.#session.authenticated) return UNAUTHENTICATED_LIMIT;
    const { limits } = this.#engine;
    return this.#session.subscriptions === null ? limits.output : limits.subscriberOutput;
  }
}

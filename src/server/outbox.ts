/**
 * What one connection still has to send. As long as the system takes everything at once nothing is kept here; a
 * client that reads more slowly than we write has its replies queued, up to its client-output-buffer-limit.
 */
import type { Engine } from '../engine/engine.ts';
import type { RespWriter } from '../protocol/resp-writer.ts';
import type { Stream } from './stream.ts';

/** See the file's comment. */
export class Outbox {
  readonly #stream: Stream;
  readonly #engine: Engine;
  readonly #overflow: () => void;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #ending = false;
  /** When the soft limit was first exceeded, in ms since the epoch; 0 while it is not. */
  #softSinceMs = 0;

  /** `overflow` is called when the client holds more than it may. */
  constructor(stream: Stream, engine: Engine, overflow: () => void) {
    this.#stream = stream;
    this.#engine = engine;
    this.#overflow = overflow;
  }

  get chunks(): number {
    return this.#queue.length + (this.#stream.idle ? 0 : 1);
  }

  get bytes(): number {
    return this.#queuedBytes + this.#stream.pendingBytes;
  }

  /** Sends all that the writer holds and leaves it empty. */
  flush(writer: RespWriter): void {
    this.#engine.statistics.outputBytes += writer.length;
    if (!this.#stream.idle) {
      this.#enqueue(writer.detach());
      return;
    }
    if (this.#write(writer.buffer.subarray(0, writer.length))) {
      writer.reset();
      return;
    }
    writer.detach();
    this.#check();
  }

  /** Sends bytes that nobody else will change. */
  send(bytes: Buffer): void {
    this.#engine.statistics.outputBytes += bytes.length;
    if (!this.#stream.idle) this.#enqueue(bytes);
    else if (!this.#write(bytes)) this.#check();
  }

  /** The system has taken what it was given. */
  drained(): void {
    if (this.#queue.length === 0) {
      this.#softSinceMs = 0;
      if (this.#ending) this.#stream.end();
      return;
    }
    const next = this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
    if (this.#write(next)) this.drained();
  }

  /** Closes once everything is sent. */
  end(): void {
    this.#ending = true;
    if (this.#queue.length === 0) this.#stream.end();
  }

  drop(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /** To be called now and then: a soft limit is a limit in time. */
  checkSoftLimit(): void {
    if (this.#softSinceMs > 0) this.#check();
  }

  #write(bytes: Buffer): boolean {
    this.#engine.statistics.writes++;
    return this.#stream.write(bytes);
  }

  #enqueue(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#check();
  }

  #check(): void {
    const limit = this.#engine.limits.output;
    const held = this.bytes;
    if (limit.hardBytes > 0 && held > limit.hardBytes) {
      this.#overflow();
      return;
    }
    if (limit.softBytes === 0 || held <= limit.softBytes) {
      this.#softSinceMs = 0;
      return;
    }
    const nowMs = this.#engine.keyspace.nowMs;
    if (this.#softSinceMs === 0) this.#softSinceMs = nowMs;
    else if (nowMs - this.#softSinceMs > limit.softSeconds * 1000) this.#overflow();
  }
}

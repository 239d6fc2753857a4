/**
 * The benchmark's own load generator, for what redis-benchmark cannot send: loads in order, without
 * gaps, and skewed keys. Each connection keeps one batch in flight and sends the next when all its
 * replies are in, as redis-benchmark does with its pipeline, so a server sees the same pattern from
 * both.
 *
 * It runs in JavaScript and may be slower than the server under test. That lowers both servers'
 * throughput to the same ceiling but leaves CPU per operation, which is the figure compared.
 */
import { connect, type Socket } from 'node:net';
import { ReplyCounter } from './reply-counter.ts';
import type { BatchSource } from './requests.ts';

export interface LoadResult {
  readonly commands: number;
  readonly elapsedMs: number;
  /** Milliseconds from writing a batch to its last reply, one figure per batch. */
  readonly latenciesMs: number[];
}

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Called with the commands answered so far, after each batch. */
  readonly onProgress?: (commands: number) => void;
}

/**
 * All connections read into this one buffer: a chunk is counted before the next read can happen.
 */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/**
 * Sends every batch of `source` and waits for every reply. Rejects on an error reply or a lost
 * connection.
 */
export async function runLoad(source: BatchSource, options: LoadOptions): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let commands = 0;
  const onBatch = (count: number, milliseconds: number) => {
    latenciesMs.push(milliseconds);
    commands += count;
    options.onProgress?.(commands);
  };
  const clients = Array.from({ length: options.connections }, () => new LoadClient(options.port));
  try {
    await Promise.all(clients.map((client) => client.connected));
    const start = performance.now();
    await Promise.all(clients.map((client) => client.drain(source, onBatch)));
    return { commands, elapsedMs: performance.now() - start, latenciesMs };
  } finally {
    for (const client of clients) client.close();
  }
}

/** One connection with at most one batch in flight. */
class LoadClient {
  readonly connected: Promise<void>;
  readonly #socket: Socket;
  readonly #counter = new ReplyCounter();
  /** The first thing that went wrong; kept, because it may come while nobody waits for it. */
  #failure: Error | undefined;
  #onFailure: (error: Error) => void;
  #onReplies: (replies: number) => void = () => this.#fail(new Error('a reply without a request'));

  constructor(port: number) {
    const onread = {
      buffer: readBuffer,
      callback: (length: number, bytes: Uint8Array) => this.#read(length, bytes),
    };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    const { promise, resolve, reject } = promiseParts();
    this.connected = promise;
    this.#onFailure = reject;
    this.#socket.once('connect', resolve);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Sends batches until there are none left and the last one is answered. */
  drain(source: BatchSource, onBatch: (count: number, ms: number) => void): Promise<void> {
    const { promise, resolve, reject } = promiseParts();
    this.#onFailure = reject;
    let inFlight = 0;
    let outstanding = 0;
    let sentAt = 0;
    const send = () => {
      const batch = source();
      if (batch === undefined) return resolve();
      inFlight = batch.commands;
      outstanding = inFlight;
      sentAt = performance.now();
      this.#socket.write(batch.bytes);
    };
    this.#onReplies = (replies) => {
      outstanding -= replies;
      if (outstanding < 0) throw new Error('more replies than requests');
      if (outstanding > 0) return;
      onBatch(inFlight, performance.now() - sentAt);
      send();
    };
    if (this.#failure === undefined) send();
    else reject(this.#failure);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(length: number, bytes: Uint8Array): boolean {
    try {
      this.#onReplies(this.#counter.feed(bytes, length));
    } catch (error) {
      this.#fail(error as Error);
    }
    return true;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#onFailure(this.#failure);
  }
}

interface PromiseParts {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Promise.withResolvers, which Node 20 lacks. */
function promiseParts(): PromiseParts {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

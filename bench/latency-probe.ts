/**
 * Watches how long a server takes to answer, from outside: one small request every millisecond on a
 * connection of its own. The next request is sent whether or not the last one was answered, so a
 * server that stands still for 50 ms shows 50 late answers and not one.
 */
import { connect, type Socket } from 'node:net';
import { ReplyCounter } from './reply-counter.ts';

const INTERVAL_MS = 1;
/** Answers that take no longer are not worth a look at what the thread has done meanwhile. */
const PROMPT_MS = 2;

/** What is known of a server's main thread at one moment; the times count since it began. */
export interface ThreadState {
  /** The CPU it is on, or was on last. */
  readonly cpu: number;
  readonly ranMs: number;
  /** Ready to run, but without a CPU. */
  readonly waitedMs: number;
  /** What the other threads of the same process have run, all together. */
  readonly helpersRanMs: number;
}

/**
 * One request and its answer. Times are milliseconds since the epoch, comparable between processes.
 */
export interface Sample {
  readonly sentMs: number;
  readonly latencyMs: number;
  /** The server's thread when the request was sent. */
  readonly before: ThreadState;
  /** And when the answer had come; the same as `before` when it came promptly. */
  readonly after: ThreadState;
}

const UNKNOWN_THREAD: ThreadState = { cpu: 0, ranMs: 0, waitedMs: 0, helpersRanMs: 0 };

export class LatencyProbe {
  readonly samples: Sample[] = [];
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #readThread: () => ThreadState;
  readonly #counter = new ReplyCounter();
  readonly #unanswered: { sentMs: number; before: ThreadState }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  /** `readThread` looks at the server's main thread; the default is for callers that do not ask. */
  constructor(port: number, request: Buffer, readThread = () => UNKNOWN_THREAD) {
    this.#request = request;
    this.#readThread = readThread;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (data) => this.#read(data));
    this.#socket.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#socket.on('close', () => {
      this.#failure ??= new Error('the probed server closed the connection');
    });
  }

  start(): void {
    this.#timer = setInterval(() => {
      let sent = { sentMs: nowMs(), before: this.#readThread() };
      this.#socket.write(this.#request);
      // It was this process that stood still then, before the request was out or after it.
      const isSentLate = nowMs() - sent.sentMs > PROMPT_MS;
      if (isSentLate) sent = { sentMs: nowMs(), before: this.#readThread() };
      this.#unanswered.push(sent);
    }, INTERVAL_MS);
  }

  /**
   * Stops sending, waits for the answers still to come, and throws when the connection was lost.
   */
  async stop(): Promise<readonly Sample[]> {
    clearInterval(this.#timer);
    while (this.#unanswered.length > 0 && this.#failure === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const failure = this.#failure;
    this.#socket.destroy();
    if (failure !== undefined) throw failure;
    return this.samples;
  }

  #read(data: Buffer): void {
    const now = nowMs();
    const oldest = this.#unanswered[0];
    const isPrompt = oldest === undefined || now - oldest.sentMs <= PROMPT_MS;
    const thread = isPrompt ? undefined : this.#readThread();
    for (let replies = this.#counter.feed(data, data.length); replies > 0; replies--) {
      const sent = this.#unanswered.shift();
      if (sent === undefined) throw new Error('more replies than requests');
      const { sentMs, before } = sent;
      this.samples.push({ sentMs, latencyMs: now - sentMs, before, after: thread ?? before });
    }
  }
}

/**
 * Part of the latency in which the server's main thread was ready to run but had no CPU; 0 for
 * prompt answers.
 */
export function starvedMs({ before, after }: Sample): number {
  return after.waitedMs - before.waitedMs;
}

/** Milliseconds since the epoch with the resolution of the performance clock. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

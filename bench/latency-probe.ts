/**
 * Watches how long a server takes to answer, from outside: one small request every millisecond on a
 * connection of its own. The next request is sent whether or not the last one was answered, so a
 * server that stands still for 50 ms shows 50 late answers and not one.
 */
import { connect, type Socket } from 'node:net';
import { ReplyCounter } from './reply-counter.ts';

const INTERVAL_MS = 1;

/**
 * One request and its answer. Times are milliseconds since the epoch, comparable between processes.
 */
export interface Sample {
  readonly sentMs: number;
  readonly latencyMs: number;
  /** Part of the latency in which the server's main thread was ready to run but had no CPU. */
  readonly starvedMs: number;
}

/** A time in which answers took longer than a limit; late answers that overlap are one gap. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** The longest wait within it. */
  readonly lengthMs: number;
  /** What of that wait was for want of a CPU. */
  readonly starvedMs: number;
}

export class LatencyProbe {
  readonly samples: Sample[] = [];
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #readStarvedMs: () => number;
  readonly #counter = new ReplyCounter();
  readonly #unanswered: { sentMs: number; starvedMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  /**
   * `readStarvedMs` tells how long the server's thread has waited for a CPU since it began; the
   * default is for callers that do not ask.
   */
  constructor(port: number, request: Buffer, readStarvedMs = () => 0) {
    this.#request = request;
    this.#readStarvedMs = readStarvedMs;
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
      this.#unanswered.push({ sentMs: nowMs(), starvedMs: this.#readStarvedMs() });
      this.#socket.write(this.#request);
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
    const starvedMs = this.#readStarvedMs();
    for (let replies = this.#counter.feed(data, data.length); replies > 0; replies--) {
      const sent = this.#unanswered.shift();
      if (sent === undefined) throw new Error('more replies than requests');
      this.samples.push({
        sentMs: sent.sentMs,
        latencyMs: now - sent.sentMs,
        starvedMs: starvedMs - sent.starvedMs,
      });
    }
  }
}

/** Milliseconds since the epoch with the resolution of the performance clock. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The gaps longer than `limitMs` in samples that are in the order they were sent. */
export function findGaps(samples: readonly Sample[], limitMs: number): Gap[] {
  const gaps: Gap[] = [];
  for (const { sentMs, latencyMs, starvedMs } of samples) {
    if (latencyMs <= limitMs) continue;
    const last = gaps.at(-1);
    const gap = { fromMs: sentMs, toMs: sentMs + latencyMs, lengthMs: latencyMs, starvedMs };
    if (last === undefined || sentMs > last.toMs) gaps.push(gap);
    else gaps[gaps.length - 1] = joinGaps(last, gap);
  }
  return gaps;
}

export type Cause = 'machine' | 'starved' | 'server';

/**
 * Whose gap it is. The machine's when the idle control server was late at the same time; for want
 * of a CPU when without that wait it would have been within the limit; otherwise the server's own.
 */
export function causeOf(gap: Gap, controlGaps: readonly Gap[], limitMs: number): Cause {
  const overlaps = (other: Gap) => other.fromMs < gap.toMs && gap.fromMs < other.toMs;
  if (controlGaps.some(overlaps)) return 'machine';
  return gap.lengthMs - gap.starvedMs <= limitMs ? 'starved' : 'server';
}

function joinGaps(a: Gap, b: Gap): Gap {
  const longer = a.lengthMs >= b.lengthMs ? a : b;
  return { ...longer, fromMs: a.fromMs, toMs: Math.max(a.toMs, b.toMs) };
}

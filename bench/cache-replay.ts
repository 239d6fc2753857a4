/**
 * Uses a server as a cache, as a program would: asks for a key, and sets it when it is not there.
 * Requests go in batches, so that a trace takes seconds; what is missing is set behind its batch.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Trace } from './cache-traces.ts';
import { encodeCommand } from './requests.ts';

const BATCH = 32;

/** What a replay is told. */
export interface ReplayOptions {
  readonly valueBytes: number;
  /** Seconds after which keys expire, far beyond the replay; undefined for never. */
  readonly expirySeconds: number | undefined;
  /** Requests that warm the cache and are not counted. */
  readonly warmUp: number;
}

/** A connection that replays traces. */
export class CacheClient {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #waiting: (() => void) | null = null;
  #broken: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#input = this.#input.length === 0 ? data : Buffer.concat([this.#input, data]);
      this.#waiting?.();
    });
    socket.on('error', (error) => {
      this.#broken = error;
      this.#waiting?.();
    });
  }

  static async connect(port: number): Promise<CacheClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new CacheClient(socket);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The share of requests, from 0 to 1, for keys that were there. */
  async hitRatio(trace: Trace, options: ReplayOptions): Promise<number> {
    const gets = trace.keys.map((key) => encodeCommand(['GET', key]));
    const value = 'v'.repeat(options.valueBytes);
    const { requests } = trace;
    let hits = 0;
    for (let i = 0; i < requests.length; i += BATCH) {
      const batch = requests.subarray(i, i + BATCH);
      this.#socket.write(Buffer.concat(Array.from(batch, (key) => gets[key]!)));
      const found = await this.#replies(batch.length);
      const missing = [...new Set(batch.filter((_, at) => !found[at]))];
      if (i >= options.warmUp) hits += found.filter(Boolean).length;
      if (missing.length === 0) continue;
      this.#socket.write(
        Buffer.concat(missing.map((key) => setCommand(trace.keys[key]!, value, options))),
      );
      await this.#replies(missing.length);
    }
    return hits / (requests.length - Math.ceil(options.warmUp / BATCH) * BATCH);
  }

  /** For each of so many replies whether it is something. Throws on an error reply. */
  async #replies(count: number): Promise<boolean[]> {
    const found: boolean[] = [];
    let at = 0;
    while (found.length < count) {
      const end = this.#input.indexOf('\r\n', at);
      const length = end < 0 ? 0 : Number(this.#input.toString('latin1', at + 1, end));
      const isBulk = this.#input[at] === 0x24;
      const next = isBulk && length >= 0 ? end + 2 + length + 2 : end + 2;
      if (end < 0 || next > this.#input.length) {
        await this.#more();
        continue;
      }
      if (this.#input[at] === 0x2d) throw new Error(this.#input.toString('latin1', at, end));
      found.push(!isBulk || length >= 0);
      at = next;
    }
    this.#input = this.#input.subarray(at);
    return found;
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
    this.#waiting = null;
    if (this.#broken !== null) throw this.#broken;
  }
}

function setCommand(key: string, value: string, { expirySeconds }: ReplayOptions): Buffer {
  if (expirySeconds === undefined) return encodeCommand(['SET', key, value]);
  return encodeCommand(['SET', key, value, 'EX', String(expirySeconds)]);
}

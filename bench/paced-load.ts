/**
 * Load at a fixed rate, whatever the server does: each command is sent when its time has come and
 * not when the one before it was answered, so that a server that stands still for 10 ms shows two
 * hundred late answers at 20,000 commands a second and not one. A latency counts from when the
 * command was sent; how late that was against the schedule is told beside it, since a load that
 * cannot keep its rate measures itself.
 *
 * Nothing is allocated for a command: a collection of this process's own would count as latency of
 * the server.
 */
import { connect, type Socket } from 'node:net';
import { nowMs } from './latency-probe.ts';
import { ReplyCounter } from './reply-counter.ts';

/** Writes the next command at a place, where there is room for 4 KiB; how many bytes it has. */
export type CommandSource = (target: Buffer, at: number) => number;

export interface PacedOptions {
  readonly port: number;
  readonly connections: number;
  readonly perSecond: number;
}

/** What was measured, command by command, in the order of the answers; times as `nowMs` tells. */
export interface PacedSamples {
  readonly sentMs: number[];
  readonly latencyMs: number[];
  /** Longest time by which the load was behind its schedule. */
  readonly lateMsMax: number;
}

const TICK_MS = 1;
const COMMAND_BYTES_MAX = 4096;
const SEND_BYTES = 64 * 1024;
/** Room for a minute at 20,000 commands a second; more is made when it is needed. */
const SAMPLES_EXPECTED = 1_200_000;
const UNANSWERED_EXPECTED = 4096;

/** See the file's comment. */
export class PacedLoad {
  readonly #sentMs = new Numbers(SAMPLES_EXPECTED);
  readonly #latencyMs = new Numbers(SAMPLES_EXPECTED);
  #lateMsMax = 0;
  readonly #source: CommandSource;
  readonly #perMs: number;
  readonly #connections: PacedConnection[];
  #timer: NodeJS.Timeout | undefined;
  #startMs = 0;
  #sent = 0;

  constructor(source: CommandSource, { port, connections, perSecond }: PacedOptions) {
    this.#source = source;
    this.#perMs = perSecond / 1000;
    const answered = (sentMs: number, latencyMs: number) => {
      this.#sentMs.push(sentMs);
      this.#latencyMs.push(latencyMs);
    };
    this.#connections = Array.from(
      { length: connections },
      () => new PacedConnection(port, answered),
    );
  }

  start(): void {
    this.#startMs = nowMs();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Sends no more, waits for the answers still to come; throws when a connection was lost. */
  async stop(): Promise<PacedSamples> {
    clearInterval(this.#timer);
    while (this.#connections.some(({ isWaiting }) => isWaiting)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const connection of this.#connections) connection.close();
    return {
      sentMs: this.#sentMs.toArray(),
      latencyMs: this.#latencyMs.toArray(),
      lateMsMax: this.#lateMsMax,
    };
  }

  /** Sends what is due: with one write per connection, in turns. */
  #tick(): void {
    const now = nowMs();
    const due = Math.floor((now - this.#startMs) * this.#perMs);
    const lateMs = now - this.#startMs - this.#sent / this.#perMs;
    this.#lateMsMax = Math.max(this.#lateMsMax, lateMs);
    const connections = this.#connections;
    for (; this.#sent < due; this.#sent++) {
      connections[this.#sent % connections.length]!.add(this.#source);
    }
    for (const connection of connections) connection.send();
  }
}

/** Numbers one behind the other. */
class Numbers {
  length = 0;
  #values: Float64Array;

  constructor(capacity: number) {
    // Pages that were written to need not be made while something is measured.
    this.#values = new Float64Array(capacity).fill(1);
  }

  at(i: number): number {
    return this.#values[i]!;
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  clear(): void {
    this.length = 0;
  }

  toArray(): number[] {
    return [...this.#values.subarray(0, this.length)];
  }
}

/** One connection, and when what is unanswered was sent. */
class PacedConnection {
  readonly #socket: Socket;
  readonly #answered: (sentMs: number, latencyMs: number) => void;
  readonly #counter = new ReplyCounter();
  readonly #unanswered = new Numbers(UNANSWERED_EXPECTED);
  #answeredCount = 0;
  /** Commands to send are #bytes[#from, #to); what is before them the socket may still have. */
  #bytes = Buffer.allocUnsafeSlow(SEND_BYTES);
  #from = 0;
  #to = 0;
  #toSend = 0;
  #failure: Error | undefined;

  constructor(port: number, answered: (sentMs: number, latencyMs: number) => void) {
    this.#answered = answered;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (data) => this.#read(data));
    this.#socket.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#socket.on('close', () => {
      this.#failure ??= new Error('the server closed the connection');
    });
  }

  /** Whether an answer is still to come. Throws when none can. */
  get isWaiting(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#answeredCount < this.#unanswered.length;
  }

  add(source: CommandSource): void {
    if (this.#to + COMMAND_BYTES_MAX > this.#bytes.length) this.#makeRoom();
    this.#to += source(this.#bytes, this.#to);
    this.#toSend++;
  }

  send(): void {
    if (this.#toSend === 0) return;
    const sentMs = nowMs();
    for (; this.#toSend > 0; this.#toSend--) this.#unanswered.push(sentMs);
    this.#socket.write(this.#bytes.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }

  /** Begins at the front again, of another buffer if the socket has not sent all of this one. */
  #makeRoom(): void {
    const waiting = this.#bytes.subarray(this.#from, this.#to);
    const isSent = this.#socket.writableLength === 0;
    const bytes = isSent ? this.#bytes : Buffer.allocUnsafeSlow(SEND_BYTES);
    this.#to = waiting.copy(bytes);
    this.#from = 0;
    this.#bytes = bytes;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    const now = nowMs();
    try {
      for (let replies = this.#counter.feed(data, data.length); replies > 0; replies--) {
        const sentMs = this.#unanswered.at(this.#answeredCount++);
        this.#answered(sentMs, now - sentMs);
      }
    } catch (error) {
      this.#failure ??= error as Error;
    }
    if (this.#answeredCount < this.#unanswered.length) return;
    this.#unanswered.clear();
    this.#answeredCount = 0;
  }
}

/**
 * Load at a fixed rate, whatever the server does: each command is sent when its time has come and
 * not when the one before it was answered, so that a server that stands still for 10 ms shows two
 * hundred late answers at 20,000 commands a second and not one. A latency counts from when the
 * command was sent; how late that was against the schedule is told beside it, since a load that
 * cannot keep its rate measures itself.
 */
import { connect, type Socket } from 'node:net';
import { nowMs } from './latency-probe.ts';
import { ReplyCounter } from './reply-counter.ts';

/** Commands with the same bytes may be sent many times: they are only read. */
export type CommandSource = () => Buffer;

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

/** See the file's comment. */
export class PacedLoad {
  readonly #samples: { sentMs: number[]; latencyMs: number[]; lateMsMax: number } = {
    sentMs: [],
    latencyMs: [],
    lateMsMax: 0,
  };
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
      this.#samples.sentMs.push(sentMs);
      this.#samples.latencyMs.push(latencyMs);
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
    return this.#samples;
  }

  /** Sends what is due: with one write per connection, in turns. */
  #tick(): void {
    const now = nowMs();
    const due = Math.floor((now - this.#startMs) * this.#perMs);
    const lateMs = now - this.#startMs - this.#sent / this.#perMs;
    this.#samples.lateMsMax = Math.max(this.#samples.lateMsMax, lateMs);
    const connections = this.#connections;
    for (; this.#sent < due; this.#sent++) {
      connections[this.#sent % connections.length]!.add(this.#source());
    }
    for (const connection of connections) connection.send();
  }
}

/** One connection, and when what is unanswered was sent. */
class PacedConnection {
  readonly #socket: Socket;
  readonly #answered: (sentMs: number, latencyMs: number) => void;
  readonly #counter = new ReplyCounter();
  #unanswered: number[] = [];
  #answeredCount = 0;
  #commands: Buffer[] = [];
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

  add(command: Buffer): void {
    this.#commands.push(command);
  }

  send(): void {
    if (this.#commands.length === 0) return;
    const sentMs = nowMs();
    for (const _ of this.#commands) this.#unanswered.push(sentMs);
    this.#socket.write(Buffer.concat(this.#commands));
    this.#commands = [];
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    const now = nowMs();
    try {
      for (let replies = this.#counter.feed(data, data.length); replies > 0; replies--) {
        const sentMs = this.#unanswered[this.#answeredCount++]!;
        this.#answered(sentMs, now - sentMs);
      }
    } catch (error) {
      this.#failure ??= error as Error;
    }
    if (this.#answeredCount < this.#unanswered.length) return;
    this.#unanswered = [];
    this.#answeredCount = 0;
  }
}

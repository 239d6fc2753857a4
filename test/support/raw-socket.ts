import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { type Arg, encodeCommand } from './resp-client.ts';

const WAIT_MS_MAX = 10_000;

/** How a connection ended: the peer closed it, or reset it. */
export type Ending = 'closed' | 'reset';

/**
 * A connection of bytes, for tests of what a client can do to a connection: read late or never,
 * close one direction, reset it. Gathers what it reads in pieces, so that a reply may be huge.
 */
export class RawSocket {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #length = 0;
  #ending: Ending | undefined;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece) => {
      this.#pieces.push(piece);
      this.#length += piece.length;
      this.#wake();
    });
    socket.on('error', () => {
      this.#ending = 'reset';
    });
    socket.on('close', () => {
      this.#ending ??= 'closed';
      this.#wake();
    });
  }

  /** Connects to a port of the loopback interface, or wherever the options say. */
  static connect(where: number | NetConnectOpts): Promise<RawSocket> {
    const options: NetConnectOpts =
      typeof where === 'number' ? { port: where, host: '127.0.0.1' } : where;
    return new Promise((resolve, reject) => {
      const socket = connect({ ...options, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawSocket(socket));
      });
    });
  }

  /** Bytes that have come and were not taken. */
  get length(): number {
    return this.#length;
  }

  /** How the connection ended; undefined while it has not. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Sends bytes; resolves when the system has taken them all or the connection is gone. */
  write(bytes: Buffer | string): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writable) return Promise.resolve();
    const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    return new Promise((resolve) => this.#socket.write(sent, () => resolve()));
  }

  /** Sends a command. */
  command(...args: readonly Arg[]): Promise<void> {
    return this.write(encodeCommand(args));
  }

  /** Stops reading: what comes stays with the system, and then with the server. */
  pause(): void {
    this.#socket.pause();
  }

  /** Goes on reading. */
  resume(): void {
    this.#socket.resume();
  }

  /** Closes the direction to the server (FIN). */
  endWriting(): void {
    this.#socket.end();
  }

  /** Ends the connection abruptly (RST). */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Closes both directions. */
  close(): void {
    this.#socket.destroy();
  }

  /** Forgets what has come. */
  discard(): void {
    this.#put(Buffer.alloc(0));
  }

  /** Takes the next `length` bytes; throws when they do not come in time. */
  async take(length: number, ms: number = WAIT_MS_MAX): Promise<Buffer> {
    const enough = await this.#until(
      () => this.#length >= length || this.#ending !== undefined,
      ms,
    );
    if (!enough || this.#length < length) {
      const what = this.#ending ?? `silent for ${ms} ms`;
      throw new Error(`${what} after ${this.#length} of ${length} bytes: ${this.#start()}`);
    }
    const all = Buffer.concat(this.#pieces);
    this.#put(all.subarray(length));
    return all.subarray(0, length);
  }

  /** Expects these bytes next; throws when others come, or none. */
  async expect(text: string, ms: number = WAIT_MS_MAX): Promise<void> {
    const got = (await this.take(text.length, ms)).toString('latin1');
    if (got !== text) throw new Error(`${JSON.stringify(got)} instead of ${JSON.stringify(text)}`);
  }

  /** Everything up to the end of the connection; throws when that does not come in time. */
  async takeAll(ms: number = WAIT_MS_MAX): Promise<Buffer> {
    if (!(await this.#until(() => this.#ending !== undefined, ms))) {
      throw new Error(`still open after ${ms} ms; read so far: ${this.#start()}`);
    }
    const all = Buffer.concat(this.#pieces);
    this.#put(Buffer.alloc(0));
    return all;
  }

  /** Resolves true when the connection has ended, false when it is still open after ms. */
  untilEnded(ms: number): Promise<boolean> {
    return this.#until(() => this.#ending !== undefined, ms);
  }

  #put(bytes: Buffer): void {
    this.#pieces = bytes.length === 0 ? [] : [bytes];
    this.#length = bytes.length;
  }

  #start(): string {
    return JSON.stringify(Buffer.concat(this.#pieces).toString('latin1', 0, 200));
  }

  async #until(reached: () => boolean, ms: number): Promise<boolean> {
    const deadline = Date.now() + ms;
    while (!reached()) {
      const left = deadline - Date.now();
      if (left <= 0) return false;
      await this.#change(left);
    }
    return true;
  }

  /** Resolves at the next data or end, or when ms are over. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

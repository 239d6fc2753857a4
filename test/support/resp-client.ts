import { connect, type Socket } from 'node:net';
import { parseReply, type Reply } from './resp-reply.ts';

/**
 * A command argument: a string stands for its characters as Latin-1 bytes, so '\xff' is one byte.
 */
export type Arg = string | Buffer;

/** Thrown when the peer closed the connection before a whole reply had come. */
export class ConnectionClosedError extends Error {}

/** Thrown when nothing (or only a part of a reply) came in time. */
export class NoReplyError extends Error {}

const REPLY_MS_MAX = 5_000;

/**
 * One connection that sends commands or raw bytes, and hands out replies strictly in wire order.
 */
export class RespClient {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
      this.#wake();
    });
    // A reset by the peer is a close to these tests; 'close' follows every 'error'.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Connects to a port of the loopback interface. */
  static connect(port: number): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RespClient(socket));
      });
    });
  }

  /** Sends a command and answers the next reply; see read for the errors. */
  call(...args: Arg[]): Promise<Reply> {
    this.send(args);
    return this.read();
  }

  /** Sends a command as a RESP array without waiting. */
  send(args: readonly Arg[]): void {
    this.sendBytes(encodeCommand(args));
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Buffer): void {
    if (!this.#closed) this.#socket.write(bytes);
  }

  /** The next reply; throws NoReplyError after ms, ConnectionClosedError, NotRespError. */
  async read(ms: number = REPLY_MS_MAX): Promise<Reply> {
    const deadline = Date.now() + ms;
    for (;;) {
      const parsed = parseReply(this.#input, 0);
      if (parsed !== null) {
        this.#input = this.#input.subarray(parsed.end);
        return parsed.reply;
      }
      if (this.#closed) throw new ConnectionClosedError('the server closed the connection');
      if (!(await this.#change(deadline - Date.now()))) {
        throw new NoReplyError(`no reply within ${ms} ms`);
      }
    }
  }

  /**
   * Takes the unread bytes once at least `length` are there, the peer has closed, or ms are over.
   */
  async takeBytes(length: number, ms: number): Promise<Buffer> {
    const deadline = Date.now() + ms;
    while (this.#input.length < length && !this.#closed) {
      if (!(await this.#change(deadline - Date.now()))) break;
    }
    const bytes = this.#input;
    this.#input = Buffer.alloc(0);
    return bytes;
  }

  /** Waits at most ms for the peer to close; answers whether it has. */
  async untilClosed(ms: number): Promise<boolean> {
    const deadline = Date.now() + ms;
    while (!this.#closed && (await this.#change(deadline - Date.now())));
    return this.#closed;
  }

  /** Whether the connection is closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Closes this side, and resolves when the connection is gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.destroy();
    });
  }

  /** Resolves true at the next data or close, false when ms are over. */
  #change(ms: number): Promise<boolean> {
    if (ms <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

/** A command as the array of bulk strings that clients send. */
export function encodeCommand(args: readonly Arg[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const arg of args) {
    const bytes = toBytes(arg);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

/** The bytes of an argument; throws on a character above 0xff, which would silently lose bits. */
export function toBytes(arg: Arg): Buffer {
  if (typeof arg !== 'string') return arg;
  const bytes = Buffer.from(arg, 'latin1');
  if (bytes.toString('latin1') !== arg) throw new Error(`not Latin-1: ${JSON.stringify(arg)}`);
  return bytes;
}

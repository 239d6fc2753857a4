import { connect, type Socket } from 'node:net';

const LINE_MS_MAX = 5_000;
const LF = 0x0a;

/** One connection of the text protocol: sends bytes, and hands out the lines that come back. */
export class TextClient {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#input = Buffer.concat([this.#input, chunk]);
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
  static connect(port: number): Promise<TextClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new TextClient(socket));
      });
    });
  }

  /** Sends one line, whose characters stand for Latin-1 bytes, and answers the next line. */
  ask(line: string): Promise<string> {
    this.send(`${line}\n`);
    return this.readLine();
  }

  /** Sends what must not be completed to lines; characters stand for Latin-1 bytes. */
  send(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends the bytes in pieces of these lengths, each in a packet of its own where possible. */
  async sendInPieces(bytes: Buffer, lengths: readonly number[]): Promise<void> {
    let start = 0;
    for (let i = 0; start < bytes.length; i++) {
      const end = start + lengths[i % lengths.length]!;
      this.send(bytes.subarray(start, end));
      start = end;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The next line without its end, as Latin-1; rejects when none comes in time. */
  async readLine(ms: number = LINE_MS_MAX): Promise<string> {
    const deadline = Date.now() + ms;
    for (;;) {
      const end = this.#input.indexOf(LF);
      if (end >= 0) {
        const line = this.#input.toString('latin1', 0, end);
        this.#input = this.#input.subarray(end + 1);
        return line;
      }
      if (this.#closed) throw new Error('the server closed the connection');
      if (!(await this.#change(deadline - Date.now()))) throw new Error(`no line within ${ms} ms`);
    }
  }

  /** The next `count` lines. */
  async readLines(count: number): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < count) lines.push(await this.readLine());
    return lines;
  }

  /** Waits for the peer to close, and answers what it had still sent; rejects when it does not. */
  async readToEnd(ms: number = LINE_MS_MAX): Promise<string> {
    const deadline = Date.now() + ms;
    while (!this.#closed) {
      if (!(await this.#change(deadline - Date.now()))) throw new Error(`open after ${ms} ms`);
    }
    return this.#input.toString('latin1');
  }

  /** What has come and was not read. */
  get unread(): string {
    return this.#input.toString('latin1');
  }

  /** Says that nothing more will be sent; the peer still may. */
  end(): void {
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
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

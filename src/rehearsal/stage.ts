/**
 * Where is rehearsed: a second engine with nothing in it, which keeps nothing and says nothing, and
 * the clients that talk to it. They come over the loopback interface, since a socket that only
 * looks like one would leave behind code that is compiled for something else; a password that only
 * they know keeps everybody else out.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Config } from '../engine/config.ts';
import { Settings } from '../engine/config-settings.ts';
import type { DirectiveName } from '../engine/config-table.ts';
import { Redstart } from '../redstart.ts';

const HOST = '127.0.0.1';
const CLIENTS = 4;
const PASSWORD_BYTES = 32;

/** See the file's comment. */
export class Stage {
  readonly #redstart: Redstart;
  readonly #clients: Socket[] = [];
  #problem: Error | null = null;
  /** Commands that were sent. */
  #sent = 0;
  #turn = 0;

  private constructor(password: string) {
    this.#redstart = new Redstart(configuration(password), { keepsProcessAlive: false });
  }

  /** Rejects where there is no loopback interface. */
  static async open(): Promise<Stage> {
    const password = randomBytes(PASSWORD_BYTES).toString('hex');
    const stage = new Stage(password);
    try {
      await stage.#enter(password);
    } catch (problem) {
      await stage.close();
      throw problem;
    }
    return stage;
  }

  /** Whether all that was sent has been done. Throws what has gone wrong with a client. */
  get isIdle(): boolean {
    if (this.#problem !== null) throw this.#problem;
    return this.#redstart.engine.statistics.commandsProcessed >= this.#sent;
  }

  /** Where its clients come in. */
  get port(): number {
    return this.#redstart.ports.port;
  }

  /** Has the next client send so many commands. */
  send(bytes: Buffer, commands: number): void {
    this.#sent += commands;
    this.#turn = (this.#turn + 1) % this.#clients.length;
    this.#clients[this.#turn]!.write(bytes);
  }

  /** Gives back all that the stage has taken. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.#redstart.stop();
    while (this.#redstart.engine.clients.count > 0) await turn();
  }

  async #enter(password: string): Promise<void> {
    this.#redstart.start();
    await this.#redstart.listenOn({ port: 0, textPort: undefined, unixSocket: undefined });
    const { port } = this;
    for (let i = 0; i < CLIENTS; i++) {
      const client = connect({ port, host: HOST, noDelay: true });
      client.on('error', (problem) => {
        this.#problem ??= problem;
      });
      client.on('close', () => {
        this.#problem ??= new Error('a client was turned away');
      });
      this.#clients.push(client);
      await once(client, 'connect');
      // Nobody reads the replies.
      client.resume();
      this.send(Buffer.from(`AUTH ${password}\r\n`), 1);
    }
  }
}

/** Defaults, but for what would leave a trace. */
function configuration(password: string): Config {
  const settings = new Settings(process.cwd());
  const put = (name: DirectiveName, ...words: string[]): void => {
    settings.put(
      name,
      settings.read(
        name,
        words.map((word) => Buffer.from(word)),
      ),
    );
  };
  put('bind', HOST);
  put('databases', '1');
  put('maxclients', String(2 * CLIENTS));
  put('requirepass', password);
  put('save', '');
  put('appendonly', 'no');
  return new Config(settings);
}

/**
 * The HTTP port. What serves it is loaded when it is opened: a server without one, and an engine
 * inside a process, do not pay for it.
 */
import type { InfoSource } from '../commands/info/section.ts';
import type { Log } from '../engine/log.ts';
import { Listener } from '../server/listener.ts';
import type { TcpOptions } from '../server/tcp-sockets.ts';
import type { HttpEndpoint } from './http-endpoint.ts';

/** See the file's comment. */
export class HttpService {
  readonly #info: InfoSource;
  readonly #log: Log;
  #endpoint: HttpEndpoint | null = null;
  #listener: Listener | null = null;

  constructor(info: InfoSource, log: Log) {
    this.#info = info;
    this.#log = log;
  }

  /** The port listened on, 0 for none. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Throws ListenError. REQUIRES: it does not listen. */
  async listen(options: TcpOptions): Promise<void> {
    const { HttpEndpoint } = await import('./http-endpoint.ts');
    const endpoint = new HttpEndpoint(this.#info, this.#log);
    this.#endpoint = endpoint;
    this.#listener = new Listener(endpoint, 'tcp', () => endpoint.makeServer());
    await this.#listener.listenTcp(options);
  }

  /** Stops listening and closes all connections. */
  async close(): Promise<void> {
    await this.#listener?.close();
    this.#endpoint?.stop();
    this.#listener = null;
    this.#endpoint = null;
  }
}

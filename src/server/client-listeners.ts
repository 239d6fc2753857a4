/**
 * Where clients connect: the listeners of the Redis protocol and of the line protocol, which follow
 * `port`, `text-port` and `bind` while the server runs.
 */
import { resolve } from 'node:path';
import type { ListeningAddresses } from '../commands/services/lifecycle.ts';
import type { Config } from '../engine/config.ts';
import type { Log } from '../engine/log.ts';
import { type Gatekeeper, Listener } from './listener.ts';
import { ListenError, type TcpOptions } from './tcp-sockets.ts';

/** Where to listen; a port of 0 leaves the choice to the system. */
export interface ClientEndpoints {
  readonly port: number | undefined;
  readonly textPort: number | undefined;
  readonly unixSocket: string | undefined;
}

/** Directives that name a port for clients. */
type PortName = 'port' | 'text-port';

const PORT_REFUSED = 'Unable to listen on this port. Check server logs.';
const ADDRESSES_REFUSED = 'Failed to bind to specified addresses.';

/** See the file's comment. */
export class ClientListeners {
  readonly #config: Config;
  readonly #log: Log;
  readonly #tcp: Listener;
  readonly #text: Listener;
  /** Ports listened on where the directive is what it was at the start: who embeds chooses. */
  readonly #chosen = new Map<PortName, { readonly configured: number; readonly port: number }>();

  constructor(gatekeeper: Gatekeeper, config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#tcp = new Listener(gatekeeper, 'tcp');
    this.#text = new Listener(gatekeeper, 'text');
    for (const name of ['port', 'text-port'] as const) {
      // Until `listen` there is none, whatever the configuration says.
      this.#chosen.set(name, { configured: config.values[name], port: 0 });
      config.onChange(name, () => this.#attempt(PORT_REFUSED, () => this.#move(name)));
    }
    config.onChange('bind', () => this.#attempt(ADDRESSES_REFUSED, () => this.#moveAll()));
  }

  /** The TCP ports listened on, 0 for none. */
  get ports(): { readonly port: number; readonly textPort: number } {
    return { port: this.#tcp.port, textPort: this.#text.port };
  }

  /** Listens on these. Throws ListenError; what is open then is for the caller to close. */
  async listen({ port, textPort, unixSocket }: ClientEndpoints): Promise<void> {
    const { values } = this.#config;
    const common = { addresses: values.bind, backlog: values['tcp-backlog'] };
    if (port !== undefined) await this.#tcp.listenTcp({ ...common, port });
    this.#chosen.set('port', { configured: values.port, port: this.#tcp.port });
    if (textPort !== undefined) await this.#text.listenTcp({ ...common, port: textPort });
    this.#chosen.set('text-port', { configured: values['text-port'], port: this.#text.port });
    if (unixSocket !== undefined) {
      const path = resolve(values.dir, unixSocket);
      await this.#tcp.listenUnix(path, values.unixsocketperm, common.backlog);
    }
  }

  /** Every place listened on. */
  addresses(): readonly ListeningAddresses[] {
    const { bind, unixsocket } = this.#config.values;
    const listening: ListeningAddresses[] = [];
    if (this.#tcp.port !== 0) {
      listening.push({ name: 'tcp', addresses: bind, port: this.#tcp.port });
    }
    if (unixsocket !== '') listening.push({ name: 'unix', addresses: [unixsocket], port: 0 });
    if (this.#text.port !== 0) {
      listening.push({ name: 'text', addresses: bind, port: this.#text.port });
    }
    return listening;
  }

  /** Stops listening; connections that are open stay so. */
  async close(): Promise<void> {
    await this.#tcp.close();
    await this.#text.close();
  }

  /** Does a change; answers `refusal` when it fails, for the reason that the log has. */
  #attempt(refusal: string, change: () => void): string | undefined {
    try {
      change();
      return undefined;
    } catch (problem) {
      if (!(problem instanceof ListenError)) throw problem;
      this.#log.warning(problem.message);
      return refusal;
    }
  }

  #moveAll(): void {
    const before = this.#wanted('port', this.#tcp.addresses);
    this.#move('port');
    try {
      this.#move('text-port');
    } catch (problem) {
      this.#tcp.moveTcp(before);
      throw problem;
    }
  }

  #move(name: PortName): void {
    const listener = name === 'port' ? this.#tcp : this.#text;
    const wanted = this.#wanted(name, this.#config.values.bind);
    listener.moveTcp(wanted);
    if (wanted !== undefined && listener.port === 0) {
      this.#log.warning('There is no address left to listen on', { port: wanted.port });
    }
  }

  #wanted(name: PortName, addresses: readonly string[]): TcpOptions | undefined {
    const { values } = this.#config;
    const chosen = this.#chosen.get(name)!;
    const port = chosen.configured === values[name] ? chosen.port : values[name];
    return port === 0 ? undefined : { port, addresses, backlog: values['tcp-backlog'] };
  }
}

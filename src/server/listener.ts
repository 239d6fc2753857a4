/**
 * Listening sockets: TCP on several addresses, and a Unix socket. Says who may come in: the limit
 * on clients and protected mode are checked before a connection costs anything.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { ConnectionOrigin } from './client-connection.ts';
import { ListenError, listenError, listened, type TcpOptions, TcpSockets } from './tcp-sockets.ts';

/** What a listener asks of the server. */
export interface Gatekeeper {
  /** The text of the error to send before closing, or undefined to let the connection in. */
  refusal(socket: Socket): string | undefined;
  accept(socket: Socket, origin: ConnectionOrigin): void;
  /** A connection could not be accepted: there is no file descriptor left, for one. */
  acceptFailed(problem: Error): void;
}

/** Makes the server behind one listening socket. */
type ServerMaker = () => Server;

/** Whoever is let in resumes the connection, once it is set up. */
const PAUSING: ServerMaker = () => createServer({ pauseOnConnect: true, noDelay: true });

/** All listening sockets of one protocol. */
export class Listener {
  readonly #gatekeeper: Gatekeeper;
  readonly #kind: 'tcp' | 'text';
  readonly #makeServer: ServerMaker;
  readonly #tcp: TcpSockets;
  #unix: Server | undefined;
  #path = '';

  constructor(gatekeeper: Gatekeeper, kind: 'tcp' | 'text', makeServer: ServerMaker = PAUSING) {
    this.#gatekeeper = gatekeeper;
    this.#kind = kind;
    this.#makeServer = makeServer;
    this.#tcp = new TcpSockets(makeServer, (server) => this.#admit(server, undefined));
  }

  /** Port of the first TCP socket, 0 if there is none: tells which one the system chose. */
  get port(): number {
    return this.#tcp.port;
  }

  /** The TCP addresses listened on, as they are written in `bind`. */
  get addresses(): readonly string[] {
    return this.#tcp.addresses;
  }

  /**
   * Listens on every address. Throws ListenError, with nothing left open, when one that must work
   * does not.
   */
  async listenTcp(options: TcpOptions): Promise<void> {
    await this.#tcp.listen(options);
  }

  /**
   * Listens on these addresses in place of those until now, undefined being none; connections stay
   * open. Throws ListenError, with everything as it was.
   */
  moveTcp(options: TcpOptions | undefined): void {
    this.#tcp.move(options);
  }

  /**
   * Listens on a Unix socket, in the place of whatever lies at its path. `mode` 0 leaves
   * permissions alone.
   */
  async listenUnix(path: string, mode: number, backlog: number): Promise<void> {
    const shown = `unix socket ${path}`;
    try {
      rmSync(path, { force: true });
      const server = this.#makeServer();
      await listened(server, { path, backlog }, false, shown);
      this.#admit(server, path);
      this.#unix = server;
      this.#path = path;
      if (mode !== 0) chmodSync(path, mode);
    } catch (problem) {
      throw problem instanceof ListenError ? problem : listenError(shown, problem);
    }
  }

  /** Stops listening; connections that are open stay so. */
  async close(): Promise<void> {
    this.#tcp.close();
    this.#unix?.close();
    this.#unix = undefined;
    if (this.#path !== '') rmSync(this.#path, { force: true });
    this.#path = '';
  }

  #admit(server: Server, path: string | undefined): void {
    server.on('connection', (socket) => this.#onConnection(socket, path));
    server.on('error', (problem) => this.#gatekeeper.acceptFailed(problem));
  }

  #onConnection(socket: Socket, path: string | undefined): void {
    const refusal = this.#gatekeeper.refusal(socket);
    if (refusal !== undefined) {
      socket.on('error', () => socket.destroy());
      const reply = this.#kind === 'text' ? `${refusal}\n` : `-${refusal}\r\n`;
      socket.end(reply, () => socket.destroy());
      return;
    }
    this.#gatekeeper.accept(socket, {
      kind: this.#kind === 'text' ? 'text' : path === undefined ? 'tcp' : 'unix',
      address: path === undefined ? endpoint(socket.remoteAddress, socket.remotePort) : `${path}:0`,
      localAddress:
        path === undefined ? endpoint(socket.localAddress, socket.localPort) : `${path}:0`,
    });
  }
}

function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '?:0';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

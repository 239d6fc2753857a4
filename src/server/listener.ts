/**
 * Listening sockets: TCP on several addresses, and a Unix socket. Says who may come in: the limit
 * on clients and protected mode are checked before a connection costs anything.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, isIPv6, type ListenOptions, type Server, type Socket } from 'node:net';
import type { ConnectionOrigin } from './client-connection.ts';

/** A port or path that could not be listened on. */
export class ListenError extends Error {
  override name = 'ListenError';
}

/** What a listener asks of the server. */
export interface Gatekeeper {
  /** The text of the error to send before closing, or undefined to let the connection in. */
  refusal(socket: Socket): string | undefined;
  accept(socket: Socket, origin: ConnectionOrigin): void;
  /** A connection could not be accepted: there is no file descriptor left, for one. */
  acceptFailed(problem: Error): void;
}

/** Addresses and options of the TCP sockets. */
export interface TcpOptions {
  readonly port: number;
  /** As in `bind`: `*`, `::*`, addresses; a leading `-` allows one to be missing. */
  readonly addresses: readonly string[];
  readonly backlog: number;
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
  #servers: Server[] = [];
  #path = '';

  constructor(gatekeeper: Gatekeeper, kind: 'tcp' | 'text', makeServer: ServerMaker = PAUSING) {
    this.#gatekeeper = gatekeeper;
    this.#kind = kind;
    this.#makeServer = makeServer;
  }

  /** Port of the first TCP socket, 0 if there is none: tells which one the system chose. */
  get port(): number {
    for (const server of this.#servers) {
      const address = server.address();
      if (address !== null && typeof address === 'object') return address.port;
    }
    return 0;
  }

  /**
   * Listens on every address. Throws ListenError, with nothing left open, when one that must work
   * does not.
   */
  async listenTcp(options: TcpOptions): Promise<void> {
    let port = options.port;
    try {
      for (const written of options.addresses) {
        const optional = written.startsWith('-');
        const host = optional ? written.slice(1) : written;
        const server = await this.#listen(
          { ...hostOptions(host), port, backlog: options.backlog },
          optional,
          `${host}:${port}`,
        );
        // With port 0 the system chooses one, and all addresses share it.
        if (server !== null && port === 0) port = this.port;
      }
      if (this.#servers.length === 0) throw new ListenError('no address to listen on');
    } catch (problem) {
      await this.close();
      throw problem;
    }
  }

  /**
   * Listens on a Unix socket, in the place of whatever lies at its path. `mode` 0 leaves
   * permissions alone.
   */
  async listenUnix(path: string, mode: number, backlog: number): Promise<void> {
    const shown = `unix socket ${path}`;
    try {
      rmSync(path, { force: true });
      await this.#listen({ path, backlog }, false, shown);
      this.#path = path;
      if (mode !== 0) chmodSync(path, mode);
    } catch (problem) {
      throw problem instanceof ListenError ? problem : listenError(shown, problem);
    }
  }

  /** Stops listening; connections that are open stay so. */
  async close(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    for (const server of servers) server.close();
    if (this.#path !== '') rmSync(this.#path, { force: true });
    this.#path = '';
  }

  #listen(options: ListenOptions, optional: boolean, shown: string): Promise<Server | null> {
    const server = this.#makeServer();
    server.on('connection', (socket) => this.#onConnection(socket, options.path));
    return new Promise((resolve, reject) => {
      const fail = (problem: NodeJS.ErrnoException): void => {
        const missing = problem.code === 'EADDRNOTAVAIL' || problem.code === 'EAFNOSUPPORT';
        if (optional && missing) resolve(null);
        else reject(listenError(shown, problem));
      };
      server.once('error', fail);
      server.listen(options, () => {
        server.off('error', fail);
        server.on('error', (problem) => this.#gatekeeper.acceptFailed(problem));
        this.#servers.push(server);
        resolve(server);
      });
    });
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

function hostOptions(host: string): ListenOptions {
  if (host === '*') return { host: '0.0.0.0' };
  if (host === '::*') return { host: '::', ipv6Only: true };
  return { host, ipv6Only: isIPv6(host) };
}

function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return '?:0';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function listenError(shown: string, problem: unknown): ListenError {
  const reason = problem instanceof Error ? reasonOf(problem) : String(problem);
  return new ListenError(`Could not listen on ${shown}: ${reason}`);
}

function reasonOf(problem: NodeJS.ErrnoException): string {
  switch (problem.code) {
    case 'EADDRINUSE':
      return 'Address already in use';
    case 'EACCES':
      return 'Permission denied';
    case 'EADDRNOTAVAIL':
      return 'Cannot assign requested address';
    default:
      return problem.message;
  }
}

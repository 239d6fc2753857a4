/**
 * The TCP sockets of a listener: opened one after the other at the start, and moved to another port
 * or other addresses while clients are connected.
 *
 * A move happens within CONFIG SET, which answers whether it was possible, perhaps in the middle of
 * a transaction; so it cannot wait. What Node.js documents opens a socket on an address in a later
 * turn of the event loop only, so the socket comes from the function by which its own cluster
 * module opens them. Where that is missing a move is refused, and so are names of hosts, which
 * cannot be looked up at once.
 */
import * as net from 'node:net';
import { getSystemErrorName } from 'node:util';

/** A port or path that could not be listened on. */
export class ListenError extends Error {
  override name = 'ListenError';
}

/** Addresses and options of the TCP sockets. */
export interface TcpOptions {
  readonly port: number;
  /** As in `bind`: `*`, `::*`, addresses; a leading `-` allows one to be missing. */
  readonly addresses: readonly string[];
  readonly backlog: number;
}

/** Makes the server behind one listening socket. */
type ServerMaker = () => net.Server;

/** A socket that listens, and the address that it stands for as it is written in `bind`. */
interface TcpSocket {
  readonly written: string;
  readonly server: net.Server;
}

/** See the file's comment. */
export class TcpSockets {
  readonly #makeServer: ServerMaker;
  readonly #accepted: (server: net.Server) => void;
  #sockets: readonly TcpSocket[] = [];

  /** `accepted` is called with each server once it listens. */
  constructor(makeServer: ServerMaker, accepted: (server: net.Server) => void) {
    this.#makeServer = makeServer;
    this.#accepted = accepted;
  }

  /** Port of the first socket, 0 if there is none: tells which one the system chose. */
  get port(): number {
    for (const { server } of this.#sockets) {
      const address = server.address();
      if (address !== null && typeof address === 'object') return address.port;
    }
    return 0;
  }

  /** The addresses listened on, as they are written in `bind`. */
  get addresses(): readonly string[] {
    return this.#sockets.map(({ written }) => written);
  }

  /** Listens on every address. Throws ListenError, with nothing left open. */
  async listen({ port, addresses, backlog }: TcpOptions): Promise<void> {
    let shared = port;
    try {
      for (const written of addresses) {
        const { host, optional, ipv6Only } = addressOf(written);
        const server = this.#makeServer();
        const options = { host, port: shared, backlog, ipv6Only };
        if (!(await listened(server, options, optional, shownAddress(written, shared)))) continue;
        this.#accepted(server);
        this.#sockets = [...this.#sockets, { written, server }];
        // With port 0 the system chooses one, and all addresses share it.
        if (shared === 0) shared = this.port;
      }
      if (this.#sockets.length === 0) throw new ListenError('no address to listen on');
    } catch (problem) {
      this.close();
      throw problem;
    }
  }

  /**
   * Listens on these from now on, and on nothing else; undefined is nowhere. What is listened on
   * already stays open. Throws ListenError, with everything as it was.
   */
  move(options: TcpOptions | undefined): void {
    const before = this.#sockets;
    if (options === undefined) {
      this.close();
      return;
    }
    const samePort = options.port === this.port;
    const kept = samePort
      ? before.filter(({ written }) => options.addresses.includes(written))
      : [];
    const dropped = before.filter((socket) => !kept.includes(socket));
    const added = options.addresses.filter(
      (address) => !kept.some(({ written }) => written === address),
    );
    // Every address of a port includes each single one, so those that go make room first.
    if (samePort) closeAll(dropped);
    try {
      this.#sockets = [...kept, ...this.#openAll(added, options)];
    } catch (problem) {
      this.#sockets = before;
      if (samePort) this.#reopen(kept, dropped, options, problem);
      throw problem;
    }
    if (!samePort) closeAll(dropped);
  }

  /** Stops listening; connections that are open stay so. */
  close(): void {
    closeAll(this.#sockets);
    this.#sockets = [];
  }

  #reopen(
    kept: readonly TcpSocket[],
    dropped: readonly TcpSocket[],
    options: TcpOptions,
    reason: unknown,
  ): void {
    this.#sockets = kept;
    try {
      const addresses = dropped.map(({ written }) => written);
      this.#sockets = [...kept, ...this.#openAll(addresses, options)];
    } catch (problem) {
      throw new ListenError(`${textOf(reason)}; going back failed too: ${textOf(problem)}`);
    }
  }

  /** Opens a socket for each of the addresses, or none at all. */
  #openAll(addresses: readonly string[], { port, backlog }: TcpOptions): TcpSocket[] {
    const opened: TcpSocket[] = [];
    try {
      for (const written of addresses) {
        const server = this.#open(written, port, backlog);
        if (server !== null) opened.push({ written, server });
      }
    } catch (problem) {
      closeAll(opened);
      throw problem;
    }
    return opened;
  }

  #open(written: string, port: number, backlog: number): net.Server | null {
    const shown = shownAddress(written, port);
    const { host, optional, ipv6Only } = addressOf(written);
    const ip = host === 'localhost' ? '127.0.0.1' : host;
    const family = net.isIP(ip);
    if (family === 0) throw listenError(shown, new Error('names are looked up at the start only'));
    const handle = boundHandle(ip, port, family, ipv6Only);
    if (typeof handle === 'number') {
      const code = getSystemErrorName(handle);
      if (optional && isMissing(code)) return null;
      throw listenError(shown, Object.assign(new Error(code), { code }));
    }
    const server = this.#makeServer();
    const told = (): void => undefined;
    // Of the failure that shows below Node.js speaks in a later turn as well.
    server.on('error', told);
    server.listen(handle, backlog);
    if (!server.listening) throw listenError(shown, Object.assign(new Error(), IN_USE));
    server.off('error', told);
    this.#accepted(server);
    return server;
  }
}

/** The one failure that the system tells of at `listen` and not at `bind`. */
const IN_USE = { code: 'EADDRINUSE' };

/** The error for a place, `shown`, that cannot be listened on. */
export function listenError(shown: string, problem: unknown): ListenError {
  const reason = problem instanceof Error ? reasonOf(problem) : String(problem);
  return new ListenError(`Could not listen on ${shown}: ${reason}`);
}

/** Whether the server listens now; false when an address that may be missing is missing. */
export function listened(
  server: net.Server,
  options: net.ListenOptions,
  optional: boolean,
  shown: string,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const fail = (problem: NodeJS.ErrnoException): void => {
      if (optional && isMissing(problem.code)) resolve(false);
      else reject(listenError(shown, problem));
    };
    server.once('error', fail);
    server.listen(options, () => {
      server.off('error', fail);
      resolve(true);
    });
  });
}

/** A handle of Node.js, or the number of an error of the system. */
type HandleMaker = (
  address: string,
  port: number,
  family: number,
  fd: undefined,
  flags: number,
) => object | number;

/** UV_TCP_IPV6ONLY: without it an IPv6 socket takes the port of IPv4 as well. */
const IPV6_ONLY = 1;

function boundHandle(ip: string, port: number, family: number, ipv6Only: boolean): object | number {
  // The declarations leave out what the documentation leaves out.
  const create = (net as unknown as { _createServerHandle?: HandleMaker })._createServerHandle;
  if (create === undefined) {
    throw new ListenError('This version of Node.js opens sockets at the start only');
  }
  return create(ip, port, family, undefined, ipv6Only ? IPV6_ONLY : 0);
}

function closeAll(sockets: readonly TcpSocket[]): void {
  for (const { server } of sockets) server.close();
}

function addressOf(written: string) {
  const optional = written.startsWith('-');
  const host = optional ? written.slice(1) : written;
  if (host === '*') return { host: '0.0.0.0', optional, ipv6Only: false };
  if (host === '::*') return { host: '::', optional, ipv6Only: true };
  return { host, optional, ipv6Only: net.isIPv6(host) };
}

function shownAddress(written: string, port: number): string {
  return `${written.replace(/^-/, '')}:${port}`;
}

function isMissing(code: string | undefined): boolean {
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

function textOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
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

/**
 * The network side: listeners, the connections they accept, and what is done to all of them now and
 * then.
 */
import type { Socket } from 'node:net';
import type { Engine } from '../engine/engine.ts';
import { isLoopback } from '../engine/loopback.ts';
import type { ReplyStyle } from '../protocol/text-protocol.ts';
import {
  type ClientConnection,
  type ConnectionOrigin,
  ConnectionScratch,
  type ConnectionSetting,
} from './client-connection.ts';
import { Connection } from './connection.ts';
import type { Gatekeeper } from './listener.ts';
import { OutboxGroup } from './outbox.ts';
import { type HandleFinder, handleOf, Stream } from './stream.ts';
import { TextConnection } from './text-connection.ts';

/** Settings of the network side, current at any time. */
export interface ServerSettings {
  readonly maxClients: number;
  readonly protectedMode: boolean;
  readonly passwordSet: boolean;
  /** 0 is never. */
  readonly idleSecondsMax: number;
  /** Silence after which a TCP peer is probed; 0 is never. */
  readonly keepAliveSeconds: number;
  readonly textReplies: ReplyStyle;
}

const TOO_MANY_CLIENTS = 'ERR max number of clients reached';

const PROTECTED =
  'DENIED Redis is running in protected mode because protected mode is enabled and no password ' +
  'is set for the default user. In this mode connections are only accepted from the loopback ' +
  'interface. To connect from other computers, do one of these: 1) set a password for the ' +
  "default user with the 'requirepass' directive or the '--requirepass' option and restart; " +
  '2) disable protected mode, if nobody can reach the port from outside, with ' +
  "'CONFIG SET protected-mode no' sent from this host, and 'CONFIG REWRITE' to make it last; " +
  "3) start the server with '--protected-mode no'.";

/** See the file's comment. */
export class Server implements Gatekeeper {
  readonly #engine: Engine;
  readonly #settings: () => ServerSettings;
  readonly #connections = new Set<ClientConnection>();
  readonly #scratch = new ConnectionScratch();
  readonly #outboxes = new OutboxGroup();
  readonly #findHandle: HandleFinder;

  /** `findHandle` is for tests of what happens where sockets have no handle that we know. */
  constructor(engine: Engine, settings: () => ServerSettings, findHandle: HandleFinder = handleOf) {
    this.#engine = engine;
    this.#settings = settings;
    this.#findHandle = findHandle;
  }

  refusal(socket: Socket): string | undefined {
    const settings = this.#settings();
    const statistics = this.#engine.statistics;
    if (this.#engine.clients.count >= settings.maxClients) {
      statistics.connectionsRejected++;
      return TOO_MANY_CLIENTS;
    }
    if (settings.protectedMode && !settings.passwordSet && !isLocalAddress(socket.remoteAddress)) {
      statistics.connectionsRejected++;
      return PROTECTED;
    }
    return undefined;
  }

  accept(socket: Socket, origin: ConnectionOrigin): void {
    this.#engine.statistics.connectionsReceived++;
    const { keepAliveSeconds } = this.#settings();
    if (origin.kind !== 'unix' && keepAliveSeconds > 0) {
      socket.setKeepAlive(true, keepAliveSeconds * 1000);
    }
    const setting: ConnectionSetting = {
      origin,
      engine: this.#engine,
      scratch: this.#scratch,
      outboxes: this.#outboxes,
      open: (events) => new Stream(socket, events, this.#scratch.readBuffer, this.#findHandle),
      onClosed: (closed) => this.#connections.delete(closed),
    };
    const connection =
      origin.kind === 'text'
        ? new TextConnection(setting, () => this.#settings().textReplies)
        : new Connection(setting);
    this.#connections.add(connection);
  }

  acceptFailed(problem: Error): void {
    this.#engine.log.warning('Error accepting a client connection', { reason: problem.message });
  }

  /** Disconnects who is idle for too long or holds too much; to be called every 100 ms. */
  checkConnections(): void {
    this.#outboxes.checkSoftLimits();
    const { idleSecondsMax } = this.#settings();
    if (idleSecondsMax === 0) return;
    const { nowSeconds } = this.#engine.keyspace;
    for (const connection of this.#connections) {
      const { session } = connection;
      if (session.monitoring || session.paused) continue;
      if (session.waiting !== null) continue;
      if (session.subscriptions !== null) continue;
      if (nowSeconds - session.activeSeconds > idleSecondsMax) {
        this.#engine.log.verbose('Closing idle client', { client: connection.address });
        connection.destroy();
      }
    }
  }

  /** Closes every connection. */
  closeAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}

/** Whether whoever connects is on this machine; a Unix socket has no address. */
function isLocalAddress(address: string | undefined): boolean {
  return address === undefined || isLoopback(address);
}

/** Servers of socket.io that hear of each other through the store, with each of their adapters. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { Server, type ServerOptions } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

type AdapterOf = NonNullable<ServerOptions['adapter']>;
type Release = () => Promise<unknown>;

/** An adapter for one server of socket.io, and how to close its connections to the store. */
type MakeAdapter = (port: number) => Promise<[adapter: AdapterOf, release: Release]>;

const ioredisAdapter: MakeAdapter = async (port) => {
  const publisher = new Redis(port);
  const subscriber = publisher.duplicate();
  await publisher.ping();
  const release = () => Promise.all([publisher.quit(), subscriber.quit()]);
  return [createAdapter(publisher, subscriber), release];
};

const shardedAdapter: MakeAdapter = async (port) => {
  const publisher = createClient({ socket: { port, host: '127.0.0.1' } });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const release = () => Promise.all([publisher.close(), subscriber.close()]);
  return [createShardedAdapter(publisher, subscriber), release];
};

const streamsAdapter: MakeAdapter = async (port) => {
  const client = createClient({ socket: { port, host: '127.0.0.1' } });
  await client.connect();
  return [createStreamsAdapter(client, { blockTimeInMs: 100 }), () => client.close()];
};

const streamsAdapterOfIoredis: MakeAdapter = async (port) => {
  const client = new Redis(port);
  await client.ping();
  return [createStreamsAdapter(client, { blockTimeInMs: 100 }), () => client.quit()];
};

/** A server of socket.io with its own connections to the store, and clients of it. */
class Node {
  readonly io: Server;
  readonly #release: Release;
  readonly #clients: Socket[] = [];

  constructor(io: Server, release: Release) {
    this.io = io;
    this.#release = release;
  }

  static async start(
    port: number,
    makeAdapter: MakeAdapter,
    options: Partial<ServerOptions> = {},
  ): Promise<Node> {
    const http = createServer().listen(0, '127.0.0.1');
    const [adapter, release] = await makeAdapter(port);
    const io = new Server(http, { adapter, ...options });
    io.on('connection', (socket) => {
      socket.on('join', async (room: string, done: () => void) => {
        await socket.join(room);
        done();
      });
      socket.on('say', (room: string, ...words: unknown[]) =>
        socket.to(room).emit('said', ...words),
      );
    });
    return new Node(io, release);
  }

  /** A client of this node that is connected. */
  async client(): Promise<Socket> {
    const { port } = this.io.httpServer.address() as AddressInfo;
    const socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      reconnectionDelay: 50,
    });
    this.#clients.push(socket);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return socket;
  }

  async stop(): Promise<void> {
    for (const socket of this.#clients) socket.disconnect();
    await this.io.close();
    await this.#release();
  }
}

/** Everything that a client is told under a name, as it comes. */
function heard(socket: Socket, name = 'said'): unknown[][] {
  const messages: unknown[][] = [];
  socket.on(name, (...words) => messages.push(words));
  return messages;
}

/** Asks again and again until what is expected holds, in hooks too. */
function eventually(expectation: () => Promise<void>): Promise<void> {
  return vi.waitFor(expectation, { timeout: 10_000 });
}

/** Waits until nodes know of each other, and what one tells all is heard at the other. */
async function untilPair(left: Node, right: Node): Promise<void> {
  await eventually(async () => expect(await left.io.of('/').adapter.serverCount()).toBe(2));
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    const listener = await to.client();
    const probes = heard(listener, 'probe');
    await eventually(async () => {
      from.io.emit('probe');
      expect(probes.length).toBeGreaterThan(0);
    });
    listener.disconnect();
  }
  await eventually(async () => expect(await left.io.fetchSockets()).toEqual([]));
}

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const adapters = {
  'redis-adapter over ioredis': ioredisAdapter,
  'sharded redis-adapter over node-redis': shardedAdapter,
  'redis-streams-adapter over node-redis': streamsAdapter,
  'redis-streams-adapter over ioredis': streamsAdapterOfIoredis,
};

describe.each(Object.entries(adapters))('socket.io, %s', (_name, makeAdapter) => {
  let [left, right]: Node[] = [];
  let [ada, bob, eve]: Socket[] = [];

  beforeAll(async () => {
    left = await Node.start(server.port, makeAdapter);
    right = await Node.start(server.port, makeAdapter);
    await untilPair(left, right);
  });
  afterAll(async () => {
    await left!.stop();
    await right!.stop();
  });
  beforeEach(async () => {
    [ada, bob, eve] = await Promise.all([left!.client(), right!.client(), right!.client()]);
  });
  afterEach(async () => {
    for (const socket of [ada, bob, eve]) socket!.disconnect();
    await eventually(async () => expect(await left!.io.fetchSockets()).toEqual([]));
  });

  it('tells all clients of all servers, bytes included, in order', async () => {
    const ears = [ada, bob, eve].map((socket) => heard(socket!));
    const bytes = Buffer.from([0, 13, 10, 0x80, 0xff]);
    for (let i = 0; i < 100; i++) left!.io.emit('said', i, { deep: [i, null, 'ü'] }, bytes);
    for (const ear of ears) {
      await expect.poll(() => ear).toHaveLength(100);
      expect(ear.map(([i]) => i)).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect(ear[99]!.slice(1)).toEqual([{ deep: [99, null, 'ü'] }, bytes]);
    }
  });

  it('tells a room, but for who speaks and who left', async () => {
    await Promise.all([ada, bob].map((socket) => socket!.emitWithAck('join', 'den')));
    const [adaHeard, bobHeard, eveHeard] = [ada, bob, eve].map((socket) => heard(socket!));
    ada!.emit('say', 'den', 'from ada');
    await expect.poll(() => bobHeard).toEqual([['from ada']]);
    left!.io.in('den').except(ada!.id!).emit('said', 'but ada');
    await expect.poll(() => bobHeard).toEqual([['from ada'], ['but ada']]);
    left!.io.in(bob!.id!).socketsLeave('den');
    await expect.poll(() => left!.io.in('den').fetchSockets()).toHaveLength(1);
    left!.io.to('den').emit('said', 'last');
    left!.io.emit('said', 'all');
    await expect.poll(() => adaHeard).toEqual([['last'], ['all']]);
    await expect.poll(() => bobHeard!.slice(2)).toEqual([['all']]);
    await expect.poll(() => eveHeard).toEqual([['all']]);
  });

  it('finds, moves and disconnects sockets of the other server', async () => {
    const ids = (await left!.io.fetchSockets()).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set([ada!.id, bob!.id, eve!.id]));
    left!.io.in([bob!.id!, eve!.id!]).socketsJoin('moved');
    await expect.poll(() => left!.io.in('moved').fetchSockets()).toHaveLength(2);
    const gone = once(bob as never, 'disconnect');
    left!.io.in(bob!.id!).disconnectSockets(true);
    expect((await gone)[0]).toBe('io server disconnect');
    const rest = await left!.io.in('moved').fetchSockets();
    expect(rest.map(({ id }) => id)).toEqual([eve!.id]);
  });

  it('asks every client, and every other server, for an answer', async () => {
    for (const [socket, answer] of [
      [ada, 1],
      [bob, 2],
      [eve, 3],
    ] as const) {
      socket!.on('ask', (factor: number, reply: (n: number) => void) => reply(answer * factor));
    }
    const answers = (await left!.io.timeout(5_000).emitWithAck('ask', 10)) as number[];
    expect(answers.toSorted()).toEqual([10, 20, 30]);
    right!.io.on('count', (reply: (n: number) => void) => reply(right!.io.engine.clientsCount));
    expect(await left!.io.serverSideEmitWithAck('count')).toEqual([2]);
    right!.io.removeAllListeners('count');
    const told = once(right!.io as never, 'note');
    left!.io.serverSideEmit('note', 'from left', 42);
    expect(await told).toEqual(['from left', 42]);
  });
});

describe('socket.io emitter', () => {
  it('tells rooms of all servers from a process that is none', async () => {
    const nodes = [
      await Node.start(server.port, ioredisAdapter),
      await Node.start(server.port, ioredisAdapter),
    ];
    await untilPair(nodes[0]!, nodes[1]!);
    const [ada, bob] = [await nodes[0]!.client(), await nodes[1]!.client()];
    const [adaHeard, bobHeard] = [heard(ada), heard(bob)];
    const redis = new Redis(server.port);
    const emitter = new Emitter(redis);
    emitter.in([ada.id!, bob.id!]).socketsJoin('den');
    await eventually(async () => {
      expect(await nodes[0]!.io.in('den').fetchSockets()).toHaveLength(2);
    });
    emitter.to('den').except(bob.id!).emit('said', 'not bob');
    emitter.emit('said', 'all', Buffer.from([0, 255]));
    const all = ['all', Buffer.from([0, 255])];
    await expect.poll(() => adaHeard).toEqual([['not bob'], all]);
    await expect.poll(() => bobHeard).toEqual([all]);
    redis.disconnect();
    for (const node of nodes) await node.stop();
  });
});

describe('connection state recovery, redis-streams-adapter', () => {
  it('gives a client at another server what it missed, and its rooms', async () => {
    const options = { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } };
    const left = await Node.start(server.port, streamsAdapter, options);
    const right = await Node.start(server.port, streamsAdapter, options);
    await untilPair(left, right);
    const [ada, eve] = [await left.client(), await right.client()];
    // Behind each message comes its place in the stream.
    const adaHeard: unknown[] = [];
    const eveHeard: unknown[] = [];
    ada.on('said', (words) => adaHeard.push(words));
    eve.on('said', (words) => eveHeard.push(words));
    await ada.emitWithAck('join', 'den');
    await eve.emitWithAck('join', 'attic');
    left.io.emit('said', 'before');
    await expect.poll(() => adaHeard).toEqual(['before']);
    // The client loses its line, comes back elsewhere, and has meanwhile missed three messages.
    const { port } = right.io.httpServer.address() as AddressInfo;
    (ada.io as unknown as { uri: string }).uri = `http://127.0.0.1:${port}`;
    ada.io.reconnectionDelay(300);
    ada.io.engine.close();
    await expect.poll(() => left.io.fetchSockets()).toHaveLength(1);
    left.io.to('den').emit('said', 'to the den');
    left.io.to('attic').emit('said', 'to the attic');
    // The servers have a connection each, so that only this says whose message comes first.
    await expect.poll(() => eveHeard).toEqual(['before', 'to the attic']);
    right.io.emit('said', 'to all');
    await new Promise<void>((resolve) => ada.once('connect', resolve));
    expect(ada.recovered).toBe(true);
    await expect.poll(() => adaHeard).toEqual(['before', 'to the den', 'to all']);
    expect(right.io.of('/').adapter.rooms.get('den')).toEqual(new Set([ada.id]));
    await left.stop();
    await right.stop();
  });
});

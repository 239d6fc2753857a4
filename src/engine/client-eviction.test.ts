import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { ClientEviction } from './client-eviction.ts';
import { SILENT_LOG } from './log.ts';

const MEBIBYTE = 1024 * 1024;

let room: ClientRoom;
let eviction: ClientEviction;
let clients: RoomClient[];

beforeEach(() => {
  room = new ClientRoom();
  eviction = new ClientEviction(room.clients, room.statistics, SILENT_LOG);
  clients = Array.from({ length: 6 }, () => room.enter());
});

/** Has a client hold so much that it has not read. */
function hold(client: RoomClient, bytes: number): void {
  client.unreadBytes = bytes;
  eviction.look(client.session);
}

function whoIsGone(): number[] {
  return clients.flatMap(({ closed }, i) => (closed ? [i] : []));
}

describe('maxmemory-clients', () => {
  it('costs nothing while there is none', () => {
    expect(room.clients.memory).toBeNull();
    eviction.limitBytes = MEBIBYTE;
    expect(room.clients.memory).toBe(eviction);
    expect(eviction.totalBytes).toBeGreaterThan(0);
    eviction.limitBytes = Number.POSITIVE_INFINITY;
    expect(room.clients.memory).toBeNull();
    expect(eviction.totalBytes).toBe(0);
  });

  it('disconnects who takes most, at the end of the turn, until it is enough', async () => {
    eviction.limitBytes = MEBIBYTE;
    for (const [i, client] of clients.entries()) hold(client, 2 ** i * 30_000);
    // 30 to 960 KB: all of them are too much, all but the largest are not.
    expect(whoIsGone()).toEqual([]);
    await nextTurn();
    expect(whoIsGone()).toEqual([5]);
    expect(room.statistics.clientsEvicted).toBe(1);
    eviction.limitBytes = 250_000;
    await nextTurn();
    expect(whoIsGone()).toEqual([3, 4, 5]);
  });

  it('takes those of one power of two in the order in which they got there', async () => {
    eviction.limitBytes = MEBIBYTE;
    for (const i of [3, 1, 0]) hold(clients[i]!, 450_000 + i);
    await nextTurn();
    expect(whoIsGone()).toEqual([3]);
  });

  it('looks again before it disconnects', async () => {
    eviction.limitBytes = MEBIBYTE;
    hold(clients[0]!, 2 * MEBIBYTE);
    clients[0]!.unreadBytes = 0;
    await nextTurn();
    expect(whoIsGone()).toEqual([]);
    expect(eviction.totalBytes).toBeLessThan(MEBIBYTE);
  });

  it('spares who has asked for it, though what it takes counts', async () => {
    eviction.limitBytes = MEBIBYTE;
    clients[0]!.call('CLIENT', 'NO-EVICT', 'ON');
    hold(clients[0]!, MEBIBYTE);
    hold(clients[1]!, 100);
    await nextTurn();
    expect(whoIsGone()).toEqual([1, 2, 3, 4, 5]);
    clients[0]!.call('CLIENT', 'NO-EVICT', 'OFF');
    eviction.look(clients[0]!.session);
    await nextTurn();
    expect(whoIsGone()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(eviction.totalBytes).toBe(0);
  });

  it('finds in turn what nobody has told it', async () => {
    eviction.limitBytes = MEBIBYTE;
    clients[4]!.unreadBytes = 2 * MEBIBYTE;
    eviction.tick();
    eviction.tick();
    await nextTurn();
    expect(whoIsGone()).toEqual([4]);
  });

  it('forgets who leaves', () => {
    eviction.limitBytes = MEBIBYTE;
    for (const client of clients) hold(client, 100_000);
    for (const client of clients) client.destroy();
    expect(eviction.totalBytes).toBe(0);
  });
});

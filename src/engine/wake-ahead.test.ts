import { afterEach, describe, expect, it, vi } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { Args } from '../protocol/args.ts';
import { KeyIndex } from './key-index.ts';
import { Waiter } from './waiters.ts';
import { WakeAhead } from './wake-ahead.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sessions of the waiters that are touched from now on, in their order. */
function watchTouches(): number[] {
  const touched: number[] = [];
  vi.spyOn(Waiter.prototype, 'touch').mockImplementation(function (this: Waiter) {
    return touched.push(this.session.id);
  });
  return touched;
}

function waiting(room: ClientRoom, ...keys: readonly string[]): RoomClient[] {
  return keys.map((key) => {
    const client = room.enter();
    client.send(['BLPOP', key, '0']);
    return client;
  });
}

function idsOf(clients: readonly RoomClient[]): number[] {
  return clients.map(({ session }) => session.id);
}

describe('before a batch', () => {
  it('touches those whom it is going to wake, one for each command', () => {
    const room = new ClientRoom();
    const boss = room.enter();
    const [first, second, third, other] = waiting(room, 'k', 'k', 'k', 'l');
    const touched = watchTouches();
    const words = ['k', 'k', 'l', 'none', 'k'];
    const batch = words.map((key) => Args.of(Buffer.from('RPUSH'), Buffer.from(key)));
    room.executor.touch(boss.session, batch, batch.length);
    // Whoever was named before is found again, not those behind him: a guess.
    expect(touched).toEqual(idsOf([first!, second!, other!, first!]));
    for (const client of [first, second, third, other]) client!.destroy();
  });

  it('touches nobody where the keys of a batch are not looked ahead at', () => {
    const room = new ClientRoom();
    const boss = room.enter();
    const clients = waiting(room, 'k');
    const touched = watchTouches();
    room.executor.touch(boss.session, [Args.of(Buffer.from('RPUSH'), Buffer.from('k'))], 1);
    expect(touched).toEqual([]);
    for (const client of clients) client.destroy();
  });
});

describe('clients that come back', () => {
  /** So many who were woken one after the other. */
  function woken(count: number): { ahead: WakeAhead; waiters: Waiter[]; touched: number[] } {
    const ahead = new WakeAhead(new KeyIndex());
    const touched: number[] = [];
    const waiters = Array.from({ length: count }, (_, i) => {
      const parts = { number: 0, session: { id: i }, touch: () => touched.push(i) };
      const waiter = parts as unknown as Waiter;
      ahead.woke(waiter);
      return waiter;
    });
    return { ahead, waiters, touched };
  }

  it('are touched before they do, once and a few at a time', () => {
    const { ahead, waiters, touched } = woken(100);
    for (const [i, waiter] of waiters.entries()) {
      ahead.returned(waiter);
      expect(touched.length).toBeGreaterThanOrEqual(Math.min(i + 1, 99));
      expect(touched.length).toBeLessThanOrEqual(i + 17);
    }
    expect(touched).toEqual(Array.from({ length: 99 }, (_, i) => i + 1));
  });

  it('may come in another order', () => {
    const { ahead, waiters, touched } = woken(40);
    for (const i of [20, 3, 39, 0, 21]) ahead.returned(waiters[i]!);
    expect(Math.max(...touched)).toBeLessThan(40);
    expect(touched).toContain(22);
  });

  it('are not waited for when others were woken since', () => {
    const { ahead, waiters, touched } = woken(200);
    ahead.returned(waiters[0]!);
    expect(touched).toEqual([]);
    ahead.returned(waiters[100]!);
    expect(touched).toEqual(Array.from({ length: 16 }, (_, i) => i + 101));
  });

  it('are forgotten when they are gone instead', () => {
    const { ahead, waiters, touched } = woken(10);
    for (const i of [1, 2, 9]) ahead.forget(waiters[i]!.session);
    ahead.returned(waiters[0]!);
    expect(touched).toEqual([3, 4, 5, 6, 7, 8]);
  });

  it('are gone when their connection is, whether they wait or not', () => {
    const room = new ClientRoom();
    const [first, second, third] = waiting(room, 'k', 'k', 'k');
    room.enter().send(['RPUSH', 'k', 'a', 'b', 'c']);
    second!.destroy();
    const touched = watchTouches();
    first!.send(['BLPOP', 'k', '0']);
    expect(touched).toEqual(idsOf([third!]));
  });
});

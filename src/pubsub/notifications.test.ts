import { describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { KeyspaceNotifications } from './notifications.ts';

interface Watched {
  readonly room: ClientRoom;
  readonly notifications: KeyspaceNotifications;
  readonly listener: RoomClient;
  readonly writer: RoomClient;
}

function watched(letters: string): Watched {
  const room = new ClientRoom();
  const notifications = new KeyspaceNotifications(room.keyspace, room.pubsub);
  notifications.select(letters);
  const listener = room.enter();
  listener.send(['PSUBSCRIBE', '*']);
  listener.take();
  return { room, notifications, listener, writer: room.enter() };
}

/** Messages since the last time, as `channel message`. */
function heard(listener: RoomClient): string[] {
  const words = listener.take().split('\r\n');
  const messages: string[] = [];
  for (let i = 0; i + 9 < words.length; i += 9) messages.push(`${words[i + 6]} ${words[i + 8]}`);
  return messages;
}

describe('KeyspaceNotifications', () => {
  it('cost the keyspace nothing while nothing is asked for', () => {
    const { room, notifications } = watched('');
    expect(room.keyspace.listener).toBeNull();
    for (const letters of ['KE', 'A', 'g$', 'm', 'n']) {
      notifications.select(letters);
      expect(room.keyspace.listener, letters).toBeNull();
    }
    notifications.select('KEA');
    expect(room.keyspace.listener).toBe(notifications);
    notifications.select('');
    expect(room.keyspace.listener).toBeNull();
  });

  it('are by key, by event, or both', () => {
    const { notifications, listener, writer } = watched('KE$');
    writer.send(['SET', 'k', 'v']);
    const byKey = '__keyspace@0__:k set';
    const byEvent = '__keyevent@0__:set k';
    expect(heard(listener)).toEqual([byKey, byEvent]);
    notifications.select('K$');
    writer.send(['SET', 'k', 'v']);
    expect(heard(listener)).toEqual([byKey]);
    notifications.select('E$');
    writer.send(['SET', 'k', 'v']);
    expect(heard(listener)).toEqual([byEvent]);
  });

  it.each([
    ['A', ['set', 'expire', 'rename_from', 'rename_to', 'lpush', 'lpop', 'del', 'xadd']],
    ['$', ['set']],
    ['g', ['expire', 'rename_from', 'rename_to', 'del']],
    ['l', ['lpush', 'lpop']],
    ['t', ['xadd']],
    ['n', ['new', 'new', 'new', 'new']],
    ['m', ['keymiss']],
    ['s', []],
    ['lm', ['keymiss', 'lpush', 'lpop']],
  ])('of the classes %s', (classes, expected) => {
    const { listener, writer } = watched(`K${classes}`);
    writer.send(['SET', 'a', 'v', 'EX', '100'], ['RENAME', 'a', 'b'], ['GET', 'a']);
    writer.send(['LPUSH', 'l', 'x'], ['LPOP', 'l'], ['XADD', 's', '1-1', 'f', 'v']);
    expect(heard(listener).map((message) => message.split(' ')[1])).toEqual(expected);
  });

  it('tell of a due key when it goes, before it is missing', () => {
    const { room, listener, writer } = watched('Kxm');
    writer.send(['SET', 'k', 'v', 'PX', '10'], ['SET', 'other', 'v', 'PX', '10']);
    room.pass(20);
    writer.send(['GET', 'k']);
    expect(heard(listener)).toEqual(['__keyspace@0__:k expired', '__keyspace@0__:k keymiss']);
    room.keyspace.removeExpired(10);
    expect(heard(listener)).toEqual(['__keyspace@0__:other expired']);
  });

  it('name the database, and carry keys of any bytes and length', () => {
    const { listener, writer } = watched('KE$');
    const long = 'k'.repeat(100_000);
    writer.send(['SELECT', '15'], ['SET', long, 'v'], ['SET', '\0\xff ', 'v']);
    expect(heard(listener)).toEqual([
      `__keyspace@15__:${long} set`,
      `__keyevent@15__:set ${long}`,
      '__keyspace@15__:\0\xff  set',
      '__keyevent@15__:set \0\xff ',
    ]);
  });

  it('come behind the reply for whoever caused them', () => {
    const { room } = watched('K$');
    const client = room.enter();
    client.send(['HELLO', '3'], ['SUBSCRIBE', '__keyspace@0__:k']);
    client.take();
    client.send(['SET', 'k', 'v'], ['PING']);
    const message = '>3\r\n$7\r\nmessage\r\n$16\r\n__keyspace@0__:k\r\n$3\r\nset\r\n';
    expect(client.take()).toBe(`+OK\r\n${message}+PONG\r\n`);
  });
});

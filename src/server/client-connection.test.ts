import { expect, it } from 'vitest';
import { afterwards, ClientRoom } from '../../test/support/client-room.ts';
import { Engine } from '../engine/engine.ts';
import { SILENT_LOG } from '../engine/log.ts';
import { STOP_PAUSED } from '../engine/session.ts';
import { ConnectionScratch } from './client-connection.ts';
import { Connection } from './connection.ts';
import { OutboxGroup } from './outbox.ts';
import type { Stream } from './stream.ts';

/** Connections of one server, and what each is sent. */
class Wires {
  readonly engine: Engine;
  readonly room = new ClientRoom();
  readonly #scratch = new ConnectionScratch();
  readonly #outboxes = new OutboxGroup();

  constructor() {
    this.engine = new Engine({ ...this.room, log: SILENT_LOG });
  }

  connect(): { connection: Connection; sent: () => string } {
    let text = '';
    // All that a connection asks of its stream while the system takes everything at once.
    const stream = {
      idle: true,
      pendingBytes: 0,
      write: (bytes: Buffer) => {
        text += bytes.toString('latin1');
        return true;
      },
    };
    const connection = new Connection({
      origin: { kind: 'tcp', address: '', localAddress: '' },
      engine: this.engine,
      scratch: this.#scratch,
      outboxes: this.#outboxes,
      open: () => stream as unknown as Stream,
      onClosed: () => undefined,
    });
    return { connection, sent: () => text };
  }
}

function say(connection: Connection, lines: string): void {
  const bytes = Buffer.from(lines);
  connection.onBytes(bytes, bytes.length);
}

it('goes on behind the batch of another, when that is what ends its wait', async () => {
  const wires = new Wires();
  const first = wires.connect();
  const second = wires.connect();
  second.connection.session.stop |= STOP_PAUSED;
  say(second.connection, 'SET c 3\r\n');
  const changed: string[] = [];
  wires.room.keyspace.listen({
    keyChanged: (_database, args, key) => {
      changed.push(args.text(key));
      // Twice, as several may know that the wait is over.
      if (changed[0] === 'a') for (let i = 0; i < 2; i++) second.connection.resume();
    },
    databaseFlushed: () => undefined,
    databasesSwapped: () => undefined,
  });
  say(first.connection, 'SET a 1\r\nGET a\r\nSET b 2\r\n');
  expect(changed).not.toContain('c');
  expect([first.sent(), second.sent()]).toEqual(['+OK\r\n$1\r\n1\r\n+OK\r\n', '']);
  await afterwards();
  expect(changed.at(-1)).toBe('c');
  expect([first.sent(), second.sent()]).toEqual(['+OK\r\n$1\r\n1\r\n+OK\r\n', '+OK\r\n']);
});

it('goes on at once where nobody runs', () => {
  const { connection, sent } = new Wires().connect();
  connection.session.stop |= STOP_PAUSED;
  say(connection, 'PING\r\n');
  expect(sent()).toBe('');
  connection.resume();
  expect(sent()).toBe('+PONG\r\n');
});

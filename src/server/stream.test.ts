import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Stream, type StreamEvents } from './stream.ts';

const BUFFER_BYTES = 16 * 1024;
/** More than a socket keeps, so that there is more behind every read for a while. */
const SENT_BYTES = 8 * 1024 * 1024;
/** Longer than a socket may be read from while others wait. */
const WORK_MS = 1;

let server: Server;
let port: number;
const opened: Socket[] = [];
const nothing = (): void => undefined;

beforeEach(async () => {
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
  server.close();
});

/** A connection whose client has sent all this, as far as the system takes it. */
async function connectAndSend(bytes: Buffer): Promise<{ client: Socket; accepted: Socket }> {
  const client = connect(port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  opened.push(client, accepted);
  client.end(bytes);
  return { client, accepted };
}

/** Reads all of a connection; every read takes so long. Answers how many there were per turn. */
async function readAll(accepted: Socket, workMs: number, expected: Buffer): Promise<number[]> {
  const turns: number[] = [];
  const shared = Buffer.alloc(BUFFER_BYTES);
  let isTurn = false;
  let received = 0;
  await new Promise<void>((resolve) => {
    const onBytes = (bytes: Buffer, length: number): void => {
      if (!isTurn) {
        isTurn = true;
        turns.push(0);
        setImmediate(() => {
          isTurn = false;
        });
      }
      turns[turns.length - 1]! += 1;
      const isSame = bytes
        .subarray(0, length)
        .equals(expected.subarray(received, received + length));
      if (!isSame) throw new Error(`other bytes came at ${received}`);
      received += length;
      const startMs = performance.now();
      while (performance.now() - startMs < workMs);
    };
    const events: StreamEvents = { onBytes, onDrained: nothing, onEnd: resolve, onClosed: nothing };
    opened.push(new Stream(accepted, events, shared).socket);
  });
  expect(received).toBe(expected.length);
  return turns;
}

/** Bytes of which no four in a row come twice. */
function numbered(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

describe('a socket that always has more', () => {
  it('is read from once in a turn if that takes long, and nothing is lost', async () => {
    const sent = numbered(SENT_BYTES);
    const { accepted } = await connectAndSend(sent);
    // Meanwhile the system takes what it can keep.
    await sleep(50);
    const turns = await readAll(accepted, WORK_MS, sent);
    expect(Math.max(...turns)).toBe(1);
  });

  it('is read from several times in a turn if that takes no time', async () => {
    const sent = numbered(SENT_BYTES);
    const { accepted } = await connectAndSend(sent);
    await sleep(50);
    const turns = await readAll(accepted, 0, sent);
    expect(Math.max(...turns)).toBeGreaterThan(1);
  });

  it('may be closed while it waits for its turn', async () => {
    const { client, accepted } = await connectAndSend(numbered(SENT_BYTES));
    client.on('error', nothing);
    let reads = 0;
    const onBytes = (): void => {
      reads++;
      const startMs = performance.now();
      while (performance.now() - startMs < WORK_MS);
      stream.destroy();
    };
    let closed = 0;
    const onClosed = (): void => {
      closed++;
    };
    const events: StreamEvents = { onBytes, onDrained: nothing, onEnd: nothing, onClosed };
    const stream = new Stream(accepted, events, Buffer.alloc(BUFFER_BYTES));
    await once(stream.socket, 'close');
    await sleep(20);
    expect([reads, closed]).toEqual([1, 1]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Arg, RespClient } from '../support/resp-client.ts';
import type { Reply } from '../support/resp-reply.ts';
import { type RunningServer, startTestServer } from '../support/server.ts';

const CLIENTS = 50;
const ROUNDS = 200;
/** Commands that a client sends at once. */
const PIPELINE = 10;

let server: RunningServer;
let clients: RespClient[];

beforeAll(async () => {
  server = await startTestServer();
  clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => RespClient.connect(server.port)),
  );
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
});
beforeEach(async () => {
  await clients[0]!.call('FLUSHALL');
});

/** Sends commands in one piece and answers their replies. */
async function pipeline(
  client: RespClient,
  commands: readonly (readonly Arg[])[],
): Promise<Reply[]> {
  for (const command of commands) client.send(command);
  const replies: Reply[] = [];
  while (replies.length < commands.length) replies.push(await client.read());
  return replies;
}

/** Lets all clients work at the same time. */
function together(work: (client: RespClient, number: number) => Promise<void>): Promise<unknown> {
  return Promise.all(clients.map(work));
}

function integerOf(reply: Reply): number {
  if (reply.type !== 'integer') throw new Error(`${reply.type} instead of an integer`);
  return Number(reply.value);
}

function bytesOf(reply: Reply | undefined): Buffer {
  if (reply?.type !== 'bulk') throw new Error(`${reply?.type} instead of a string`);
  return reply.bytes;
}

function repeat<T>(times: number, make: (i: number) => T): T[] {
  return Array.from({ length: times }, (_, i) => make(i));
}

describe(`${CLIENTS} clients at the same time`, () => {
  it('lose no increment, and see every number once', async () => {
    const seen = new Uint8Array(CLIENTS * ROUNDS * PIPELINE + 1);
    await together(async (client) => {
      let last = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const replies = await pipeline(
          client,
          repeat(PIPELINE, () => ['INCR', 'n']),
        );
        for (const reply of replies) {
          const number = integerOf(reply);
          expect(number).toBeGreaterThan(last);
          seen[number]!++;
          last = number;
        }
      }
    });
    expect(seen.subarray(1).every((times) => times === 1)).toBe(true);
    expect(bytesOf(await clients[0]!.call('GET', 'n')).toString()).toBe(String(seen.length - 1));
  });

  it('add up whatever they count by', async () => {
    await together(async (client, number) => {
      for (let round = 0; round < ROUNDS; round++) {
        await pipeline(client, [
          ['INCRBY', 'sum', String(number)],
          ['DECRBY', 'sum', '7'],
          ['INCRBYFLOAT', 'half', '0.5'],
        ]);
      }
    });
    const sum = ROUNDS * ((CLIENTS * (CLIENTS - 1)) / 2 - 7 * CLIENTS);
    expect(bytesOf(await clients[0]!.call('GET', 'sum')).toString()).toBe(String(sum));
    const half = (CLIENTS * ROUNDS) / 2;
    expect(bytesOf(await clients[0]!.call('GET', 'half')).toString()).toBe(String(half));
  });

  it('never see half of a value that others write', { timeout: 60_000 }, async () => {
    const lengths = [1, 50, 400, 5_000, 70_000];
    await together(async (client, number) => {
      for (let round = 0; round < ROUNDS / 4; round++) {
        const length = lengths[(round + number) % lengths.length]!;
        const value = Buffer.alloc(length, 0x30 + number);
        const [, got, range] = await pipeline(client, [
          ['SET', 'shared', value],
          ['GET', 'shared'],
          ['GETRANGE', 'shared', '0', '99'],
        ]);
        expect(bytesOf(got).every((byte) => byte === bytesOf(got)[0])).toBe(true);
        expect(lengths).toContain(bytesOf(got).length);
        expect(bytesOf(range).length).toBeGreaterThan(0);
      }
    });
  });

  it('see keys that are written together only together', async () => {
    await clients[0]!.call('MSET', 'a', '0', 'b', '0', 'c', '0');
    await together(async (client, number) => {
      for (let round = 0; round < ROUNDS; round++) {
        const value = `${number}-${round}`;
        client.send(['MSET', 'a', value, 'b', value, 'c', value]);
        client.send(['MGET', 'a', 'b', 'c']);
        await client.read();
        const reply = await client.read();
        if (reply.type !== 'array') throw new Error(`${reply.type} instead of an array`);
        const [a, b, c] = reply.items.map((item) => bytesOf(item).toString());
        expect(b).toBe(a);
        expect(c).toBe(a);
      }
    });
  });

  it('append whole records, each client its own in order', async () => {
    await together(async (client, number) => {
      for (let round = 0; round < ROUNDS; round++) {
        const record = `${String(number).padStart(3, '0')}:${String(round).padStart(5, '0')}\n`;
        client.send(['APPEND', 'log', record]);
        if (round % PIPELINE === PIPELINE - 1)
          for (let i = 0; i < PIPELINE; i++) await client.read();
      }
    });
    const log = bytesOf(await clients[0]!.call('GET', 'log')).toString('latin1');
    expect(log).toMatch(/^(?:\d{3}:\d{5}\n)*$/);
    const next = new Array<number>(CLIENTS).fill(0);
    for (const record of log.trimEnd().split('\n')) {
      const [number, round] = record.split(':').map(Number);
      expect(round).toBe(next[number!]!++);
    }
    expect(next).toEqual(new Array<number>(CLIENTS).fill(ROUNDS));
  });

  it('win a key once', async () => {
    const wins: string[] = [];
    await together(async (client, number) => {
      for (let round = 0; round < ROUNDS; round++) {
        const reply = await client.call('SET', `lock:${round}`, String(number), 'NX');
        if (reply.type === 'simple') wins.push(`${round} ${number}`);
        else expect(reply.type).toBe('null-bulk');
      }
    });
    expect(wins.length).toBe(ROUNDS);
    for (const win of wins) {
      const [round, number] = win.split(' ');
      expect(bytesOf(await clients[0]!.call('GET', `lock:${round}`)).toString()).toBe(number);
    }
  });

  it('take what is there once', async () => {
    await pipeline(
      clients[0]!,
      repeat(ROUNDS, (i) => ['SET', `job:${i}`, `work ${i}`]),
    );
    const taken: string[] = [];
    await together(async (client) => {
      const replies = await pipeline(
        client,
        repeat(ROUNDS, (i) => ['GETDEL', `job:${i}`]),
      );
      for (const reply of replies) {
        if (reply.type === 'bulk') taken.push(reply.bytes.toString());
      }
    });
    expect(taken.sort()).toEqual(repeat(ROUNDS, (i) => `work ${i}`).sort());
    expect(await clients[0]!.call('DBSIZE')).toEqual({ type: 'integer', value: 0n });
  });
});

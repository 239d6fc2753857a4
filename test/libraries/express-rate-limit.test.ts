/** Limits of express-rate-limit in rate-limit-redis, over several instances of an application. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
let client: ReturnType<typeof createClient>;
const open: Server[] = [];

beforeAll(async () => {
  server = await startTestServer();
  client = createClient({ socket: { host: '127.0.0.1', port: server.port } });
  await client.connect();
});
afterAll(async () => {
  for (const http of open) http.closeAllConnections();
  await Promise.all(open.map((http) => new Promise((resolve) => http.close(resolve))));
  client.destroy();
  await server.stop();
});

/** An application that answers so many requests of one user in a time; its address. */
async function application(prefix: string, limit: number, windowMs: number): Promise<string> {
  const app = express();
  app.use(
    rateLimit({
      limit,
      windowMs,
      standardHeaders: 'draft-7',
      keyGenerator: (request) => String(request.headers['x-user']),
      store: new RedisStore({ prefix, sendCommand: (...args) => client.sendCommand(args) }),
    }),
  );
  app.get('/', (_request, response) => void response.send('welcome'));
  const http = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  open.push(http);
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const ask = (url: string, user: string) => fetch(url, { headers: { 'x-user': user } });

describe('express-rate-limit', () => {
  it('counts the requests of a user in all instances', async () => {
    const urls = [
      await application('shared:', 10, 60_000),
      await application('shared:', 10, 60_000),
    ];
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, i) => ask(urls[i % 2]!, 'ada')),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(15);
    const bob = await ask(urls[1]!, 'bob');
    expect([bob.status, await bob.text()]).toEqual([200, 'welcome']);
    expect(bob.headers.get('ratelimit')).toMatch(/^limit=10, remaining=9, reset=(59|60)$/);
    expect(await client.get('shared:ada')).toBe('25');
  });

  it('begins anew when the time is over', async () => {
    const url = await application('short:', 2, 1_500);
    const statuses = async () => {
      const found = [];
      for (let i = 0; i < 3; i++) found.push((await ask(url, 'ada')).status);
      return found;
    };
    expect(await statuses()).toEqual([200, 200, 429]);
    await expect.poll(() => client.exists('short:ada')).toBe(0);
    expect(await statuses()).toEqual([200, 200, 429]);
  });

  it('loads its scripts again when the server has forgotten them', async () => {
    const url = await application('scripts:', 5, 60_000);
    await ask(url, 'ada');
    await client.scriptFlush();
    const again = await ask(url, 'ada');
    expect([again.status, again.headers.get('ratelimit')]).toEqual([
      200,
      expect.stringContaining('remaining=3'),
    ]);
  });
});

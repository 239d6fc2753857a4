/** Sessions of an express application in connect-redis. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort, type RunningServer, startTestServer } from '../support/server.ts';

declare module 'express-session' {
  interface SessionData {
    user: string;
    visits: number;
  }
}

interface Application {
  readonly url: string;
  readonly store: RedisStore;
  stop(): Promise<void>;
}

/** A web application that keeps nothing itself: who is logged in stands in the store. */
async function startApplication(port: number, maxAgeMs = 60_000): Promise<Application> {
  const client = createClient({ socket: { port, host: '127.0.0.1' } });
  // A connection that is lost is made anew; node-redis wants somebody to hear of it.
  client.on('error', () => undefined);
  await client.connect();
  const store = new RedisStore({ client, prefix: 'app:' });
  const app = express();
  app.use(
    session({
      store,
      secret: 'sesame',
      resave: false,
      saveUninitialized: false,
      rolling: true,
      cookie: { maxAge: maxAgeMs },
    }),
  );
  app.post('/login/:user', (request, response, next) => {
    request.session.regenerate((error) => {
      if (error !== undefined && error !== null) return next(error);
      request.session.user = request.params.user;
      request.session.visits = 0;
      response.send(request.sessionID);
    });
  });
  app.get('/who', (request, response) => {
    response.status(request.session.user === undefined ? 401 : 200);
    response.send(request.session.user);
  });
  app.post('/visit', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json(request.session.visits);
  });
  app.post('/logout', (request, response, next) => {
    request.session.destroy((error) => (error ? next(error) : response.send('bye')));
  });
  const http = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  const stop = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
    client.destroy();
  };
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, store, stop };
}

/** A visitor with a jar for one cookie. */
class Browser {
  cookie = '';

  async ask(app: Application, method: 'GET' | 'POST', path: string): Promise<Response> {
    const headers = { cookie: this.cookie };
    const response = await fetch(app.url + path, { method, headers });
    this.cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? this.cookie;
    return response;
  }

  async logIn(app: Application, user: string): Promise<string> {
    return (await this.ask(app, 'POST', `/login/${user}`)).text();
  }

  /** Who the application takes this visitor for; null if it knows nobody. */
  async who(app: Application): Promise<string | null> {
    const response = await this.ask(app, 'GET', '/who');
    if (response.status !== 401) expect(response.status).toBe(200);
    return response.status === 401 ? null : response.text();
  }
}

describe('connect-redis', () => {
  let server: RunningServer;
  let app: Application;
  let inspector: ReturnType<typeof createClient>;

  beforeAll(async () => {
    server = await startTestServer();
    inspector = createClient({ socket: { port: server.port, host: '127.0.0.1' } });
    await inspector.connect();
  });
  afterAll(async () => {
    inspector.destroy();
    await server.stop();
  });
  beforeEach(async () => {
    await inspector.flushAll();
    app = await startApplication(server.port);
  });
  afterEach(() => app.stop());

  it('knows who has logged in, in every instance and after the application restarts', async () => {
    const other = await startApplication(server.port);
    const [ada, bob, nobody] = [new Browser(), new Browser(), new Browser()];
    await ada.logIn(app, 'ada');
    await bob.logIn(other, 'bob');
    expect([await ada.who(other), await bob.who(app), await nobody.who(app)]).toEqual([
      'ada',
      'bob',
      null,
    ]);
    await other.stop();
    await app.stop();
    app = await startApplication(server.port);
    expect([await ada.who(app), await bob.who(app)]).toEqual(['ada', 'bob']);
  });

  it('keeps what changes in a session', async () => {
    const ada = new Browser();
    const id = await ada.logIn(app, 'ada');
    for (let i = 1; i <= 3; i++) {
      expect(await (await ada.ask(app, 'POST', '/visit')).json()).toBe(i);
    }
    const kept = JSON.parse((await inspector.get(`app:${id}`))!);
    expect(kept).toMatchObject({ user: 'ada', visits: 3 });
    const ttl = await inspector.ttl(`app:${id}`);
    expect([ttl > 55, ttl <= 60]).toEqual([true, true]);
  });

  it('gives a new session at login, and takes it away at logout', async () => {
    const ada = new Browser();
    const before = await ada.logIn(app, 'ada');
    const after = await ada.logIn(app, 'ada');
    expect(await inspector.exists([`app:${before}`, `app:${after}`])).toBe(1);
    const stolen = new Browser();
    stolen.cookie = ada.cookie;
    expect(await (await ada.ask(app, 'POST', '/logout')).text()).toBe('bye');
    expect(await stolen.who(app)).toBeNull();
    expect(await inspector.dbSize()).toBe(0);
  });

  it('prolongs a session that is used, and ends one that is not', async () => {
    const hasty = await startApplication(server.port, 2_000);
    const [ada, bob] = [new Browser(), new Browser()];
    const used = await ada.logIn(hasty, 'ada');
    const unused = await bob.logIn(hasty, 'bob');
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(await ada.who(hasty)).toBe('ada');
    }
    expect(await bob.who(hasty)).toBeNull();
    expect(await inspector.exists(`app:${unused}`)).toBe(0);
    expect(await inspector.pTTL(`app:${used}`)).toBeGreaterThan(1_000);
    await hasty.stop();
  });

  it('lists, counts and clears all sessions, and nothing else', async () => {
    const names = Array.from({ length: 250 }, (_, i) => `user ${i}`);
    const cookie = new session.Cookie();
    await Promise.all(names.map((user, i) => app.store.set(`id${i}`, { cookie, user, visits: i })));
    await inspector.set('other', 'kept');
    expect(await app.store.length()).toBe(250);
    expect((await app.store.ids()).toSorted()).toEqual(names.map((_, i) => `id${i}`).toSorted());
    const all = (await app.store.all()) as { user: string }[];
    expect(all.map(({ user }) => user).toSorted()).toEqual(names.toSorted());
    await app.store.clear();
    expect(await app.store.length()).toBe(0);
    expect(await inspector.keys('*')).toEqual(['other']);
  });
});

describe('connect-redis over a restart of the server', () => {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-sessions-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('has every session that the append-only file has', async () => {
    const port = await freePort();
    const flags = ['--dir', dir, '--appendonly', 'yes', '--port', String(port)];
    let server = await startTestServer(flags);
    const app = await startApplication(port);
    const ada = new Browser();
    await ada.logIn(app, 'ada');
    await server.stop();
    server = await startTestServer(flags);
    expect(await ada.who(app)).toBe('ada');
    await app.stop();
    await server.stop();
  });
});

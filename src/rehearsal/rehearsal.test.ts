import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RespClient } from '../../test/support/resp-client.ts';
import { Config } from '../engine/config.ts';
import { Settings } from '../engine/config-settings.ts';
import { SILENT_LOG } from '../engine/log.ts';
import { Redstart } from '../redstart.ts';
import { Rehearsal } from './rehearsal.ts';
import { script } from './script.ts';
import { Stage } from './stage.ts';

const COMMANDS = [...script()].reduce((sum, { commands }) => sum + commands, 0);
const LATE_MS = 20_000;

let server: Redstart;
let said: string[];
let rehearsal: Rehearsal;

beforeEach(() => {
  const settings = new Settings(process.cwd());
  settings.put('save', settings.read('save', [Buffer.alloc(0)]));
  server = new Redstart(new Config(settings));
  server.start();
  said = [];
  const verbose = (message: string, fields: object = {}) =>
    said.push('reason' in fields ? `${message}: ${fields.reason}` : message);
  rehearsal = new Rehearsal(server, { ...SILENT_LOG, verbose });
  vi.spyOn(Stage, 'open');
  vi.spyOn(Stage.prototype, 'send');
  vi.spyOn(Stage.prototype, 'close');
});

afterEach(async () => {
  rehearsal.end();
  await server.stop();
  vi.restoreAllMocks();
});

/** Commands that were sent, but for what clients say when they come. */
function sent(): number {
  const calls = vi.mocked(Stage.prototype.send).mock.calls;
  return calls.reduce((sum, [, commands]) => sum + commands, 0);
}

describe('a rehearsal', () => {
  it('plays the script to its end, and leaves the server as it was', async () => {
    const { engine } = server;
    const { usedBytes } = engine.keyspace.heap;
    await rehearsal.run();
    expect(said).toEqual(['The rehearsal is over']);
    expect(sent()).toBeGreaterThanOrEqual(COMMANDS);
    expect(Stage.prototype.close).toHaveBeenCalledOnce();
    const { statistics, keyspace, clients } = engine;
    expect(statistics).toMatchObject({
      ...{ commandsProcessed: 0, connectionsReceived: 0, errorReplies: 0 },
      ...{ reads: 0, writes: 0, inputBytes: 0, outputBytes: 0 },
    });
    expect([...statistics.commands()]).toEqual([]);
    expect(statistics.peakMemoryBytes).toBe(usedBytes);
    expect(keyspace.keyCount()).toBe(0);
    expect(keyspace.dirty + keyspace.evicted + keyspace.hits + keyspace.misses).toBe(0);
    expect(clients.count).toBe(0);
    expect(clients.nextId()).toBe(1);
    expect(server.config.values.maxmemory).toBe(0);
  });

  it('waits for as long as somebody asks for something', async () => {
    const asking = setInterval(() => server.engine.statistics.reads++, 0);
    const done = rehearsal.run();
    await sleep(200);
    const calls = vi.mocked(Stage.prototype.send).mock.calls.length;
    clearInterval(asking);
    await done;
    // A timer may come late, and that is a moment in which nobody asks.
    expect(calls).toBeLessThan(COMMANDS / 64);
    expect(sent()).toBeGreaterThanOrEqual(COMMANDS);
  });

  it('does not begin where others have warmed the server', async () => {
    server.engine.statistics.commandsProcessed = 20_000;
    await rehearsal.run();
    expect(Stage.open).not.toHaveBeenCalled();
  });

  it.each([
    ['is told so', () => rehearsal.end()],
    ['the server stops', () => server.stop()],
  ])('ends at once when %s', async (_, end) => {
    const done = rehearsal.run();
    while (sent() < COMMANDS / 10) await sleep(1);
    await end();
    const before = sent();
    await Promise.race([done, sleep(LATE_MS).then(() => expect.fail('it goes on'))]);
    expect(sent() - before).toBeLessThanOrEqual(64);
    expect(Stage.prototype.close).toHaveBeenCalledOnce();
  });

  it('is given up, with a word in the log, when something goes wrong on its stage', async () => {
    vi.mocked(Stage.prototype.send).mockImplementationOnce(() => {
      throw new Error('stage fright');
    });
    await rehearsal.run();
    expect(said).toEqual(['The rehearsal was given up: stage fright']);
    expect(Stage.prototype.close).toHaveBeenCalledOnce();
  });

  it('is given up when its clients find no room', async () => {
    const { listenOn } = Redstart.prototype;
    const strangers: RespClient[] = [];
    vi.spyOn(Redstart.prototype, 'listenOn').mockImplementationOnce(async function (
      this: Redstart,
      endpoints,
    ) {
      await listenOn.call(this, endpoints);
      for (let i = 0; i < 8; i++) strangers.push(await RespClient.connect(this.ports.port));
    });
    await Promise.race([rehearsal.run(), sleep(LATE_MS).then(() => expect.fail('it goes on'))]);
    expect(said[0]).toMatch(/^The rehearsal was given up: /);
    for (const stranger of strangers) await stranger.close();
  });

  it('lets nobody in who does not know the password', async () => {
    const stage = await Stage.open();
    const stranger = await RespClient.connect(stage.port);
    expect(await stranger.call('GET', 'key')).toEqual({
      type: 'error',
      text: 'NOAUTH Authentication required.',
    });
    await stranger.close();
    await stage.close();
  });
});

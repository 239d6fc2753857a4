/** Jobs of node-resque, in the format of Resque. */
import { Plugins, Queue, Scheduler, Worker } from 'node-resque';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
const open: { end(): Promise<unknown> }[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.end();
});

const done: string[] = [];
const jobs = {
  add: { perform: async (a: number, b: number) => a + b, plugins: [], pluginOptions: {} },
  note: { perform: async (name: string) => void done.push(name), plugins: [], pluginOptions: {} },
  fail: {
    perform: async () => {
      throw new Error('broken');
    },
    plugins: [Plugins.Retry],
    pluginOptions: { Retry: { retryLimit: 2, retryDelay: 100 } },
  },
  once: {
    perform: async () => 'once',
    plugins: [Plugins.QueueLock],
    pluginOptions: {},
  },
};

/** Connections to the namespace of one test. */
function connectionOf(namespace: string) {
  return { pkg: 'ioredis', host: '127.0.0.1', port: server.port, database: 0, namespace };
}

async function queueOf(namespace: string): Promise<Queue> {
  const queue = new Queue({ connection: connectionOf(namespace) }, jobs);
  await queue.connect();
  open.push(queue);
  return queue;
}

/** A worker that takes jobs from the queues, in their order. */
async function workerOf(namespace: string, queues: string[], name: string): Promise<Worker> {
  const connection = connectionOf(namespace);
  const worker = new Worker({ connection, queues, name, timeout: 20 }, jobs);
  await worker.connect();
  open.push(worker);
  return worker;
}

describe('node-resque', () => {
  it('does each job once, those of the first queue first', async () => {
    const queue = await queueOf('plain');
    for (let n = 0; n < 30; n++) await queue.enqueue(n % 2 === 0 ? 'low' : 'high', 'add', [n, 1]);
    expect([(await queue.queues()).toSorted(), await queue.length('low')]).toEqual([
      ['high', 'low'],
      15,
    ]);
    const results: { queue: string; sum: number }[] = [];
    for (const name of ['one', 'two']) {
      const worker = await workerOf('plain', ['high', 'low'], name);
      worker.on('success', (from, _job, sum) => results.push({ queue: from, sum }));
      await worker.start();
    }
    await expect.poll(() => results).toHaveLength(30);
    const sums = results.map(({ sum }) => sum).toSorted((a, b) => a - b);
    expect(sums).toEqual(Array.from({ length: 30 }, (_, n) => n + 1));
    expect(results.slice(0, 14).every((result) => result.queue === 'high')).toBe(true);
    expect(Object.keys(await queue.workers())).toHaveLength(2);
    expect(await queue.stats()).toMatchObject({ processed: '30' });
  });

  it('waits with delayed jobs, and tries failed ones again', async () => {
    const queue = await queueOf('delayed');
    const scheduler = new Scheduler({ connection: connectionOf('delayed'), timeout: 50 }, jobs);
    await scheduler.connect();
    open.push(scheduler);
    const worker = await workerOf('delayed', ['work'], 'one');
    let failures = 0;
    worker.on('failure', () => failures++);
    let retries = 0;
    worker.on('reEnqueue', () => retries++);
    await queue.enqueueIn(1_200, 'work', 'note', ['late']);
    await queue.enqueue('work', 'note', ['now']);
    await queue.enqueue('work', 'fail');
    await worker.start();
    await scheduler.start();
    await expect.poll(() => done).toEqual(['now']);
    await expect.poll(() => done).toEqual(['now', 'late']);
    await expect.poll(() => failures).toBe(1);
    expect(retries).toBe(1);
    const [failed] = await queue.failed(0, 10);
    expect(failed).toMatchObject({ error: 'broken', queue: 'work' });
    expect(scheduler.leader).toBe(true);
  });

  it('holds no job twice that may be there once, and removes jobs', async () => {
    const queue = await queueOf('locked');
    expect([await queue.enqueue('q', 'once', [1]), await queue.enqueue('q', 'once', [1])]).toEqual([
      true,
      false,
    ]);
    expect(await queue.enqueue('q', 'once', [2])).toBe(true);
    expect([await queue.length('q'), await queue.del('q', 'once', [2])]).toEqual([2, 1]);
    const [left] = await queue.queued('q', 0, 10);
    expect(left).toMatchObject({ class: 'once', args: [1] });
    await queue.delQueue('q');
    expect(await queue.queues()).toEqual([]);
  });
});

/** Jobs of Bull, the older of the two. */
import { setTimeout as sleep } from 'node:timers/promises';
import Bull from 'bull';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
const open: Bull.Queue[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const queue of open.splice(0)) await queue.close(true);
});

async function queueOf(name: string, options: Bull.QueueOptions = {}): Promise<Bull.Queue> {
  const queue = new Bull(name, { redis: { host: '127.0.0.1', port: server.port }, ...options });
  open.push(queue);
  return queue.isReady();
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('bull', () => {
  it('does each job once, and tells every queue of that name', async () => {
    const asker = await queueOf('squares');
    const results = new Map<string, number>();
    const progress: number[] = [];
    asker.on('global:completed', (id: string, result: string) => {
      results.set(String(id), JSON.parse(result));
    });
    asker.on('global:progress', (_id: string, percent: number) => progress.push(percent));
    const done: number[] = [];
    for (const queue of [await queueOf('squares'), await queueOf('squares')]) {
      void queue.process(4, async (job) => {
        done.push(job.data.n);
        await job.progress(50);
        return job.data.n ** 2;
      });
    }
    const jobs = await asker.addBulk(upTo(100).map((n) => ({ data: { n } })));
    await expect.poll(() => results.size, { timeout: 20_000 }).toBe(100);
    for (const n of upTo(100)) expect(results.get(String(jobs[n]!.id))).toBe(n ** 2);
    expect(done.toSorted((a, b) => a - b)).toEqual(upTo(100));
    expect(progress.length).toBe(100);
    expect(await asker.getJobCounts()).toMatchObject({ completed: 100, active: 0, waiting: 0 });
  });

  it('takes the most urgent first, the delayed at their time, the last first if told', async () => {
    const queue = await queueOf('order');
    await queue.pause();
    await queue.add('late', {}, { priority: 9 });
    await queue.add('soon', {}, { priority: 1 });
    await queue.add('plain', {});
    await queue.add('stack', {}, { lifo: true });
    await queue.add('delayed', {}, { delay: 400 });
    expect(await queue.getJobCounts()).toMatchObject({ paused: 4, delayed: 1 });
    const done: { name: string; ms: number }[] = [];
    void queue.process('*', async (job) => {
      done.push({ name: job.name, ms: Date.now() - job.timestamp });
    });
    await sleep(100);
    expect(done).toEqual([]);
    await queue.resume();
    await expect.poll(() => done).toHaveLength(5);
    expect(done.map(({ name }) => name)).toEqual(['stack', 'soon', 'late', 'plain', 'delayed']);
    expect(done[4]!.ms).toBeGreaterThanOrEqual(400);
  });

  it('tries again after a pause, and keeps why it failed', async () => {
    const queue = await queueOf('failures');
    void queue.process(async (job) => {
      if (job.attemptsMade < job.data.failures) throw new Error(`attempt ${job.attemptsMade + 1}`);
      return 'at last';
    });
    const backoff = { type: 'fixed', delay: 100 };
    const stubborn = await queue.add({ failures: 2 }, { attempts: 3, backoff });
    expect(await stubborn.finished()).toBe('at last');
    const hopeless = await queue.add({ failures: 9 }, { attempts: 2 });
    await expect(hopeless.finished()).rejects.toThrow('attempt 2');
    const failed = await queue.getJob(hopeless.id);
    expect(failed).toMatchObject({ failedReason: 'attempt 2', attemptsMade: 2 });
    await failed!.update({ failures: 0 });
    await failed!.retry();
    expect(await failed!.finished()).toBe('at last');
    expect(await queue.getJobCounts()).toMatchObject({ completed: 2, failed: 0 });
  });

  it('does no more than so many jobs in a time', async () => {
    const options = { limiter: { max: 3, duration: 500 } };
    const startedMs: number[] = [];
    for (const queue of [await queueOf('limited', options), await queueOf('limited', options)]) {
      void queue.process(5, async () => void startedMs.push(performance.now()));
    }
    await open[0]!.addBulk(upTo(7).map((n) => ({ data: { n } })));
    await expect.poll(() => startedMs).toHaveLength(7);
    expect(startedMs[3]! - startedMs[0]!).toBeGreaterThan(400);
    expect(startedMs[6]! - startedMs[0]!).toBeGreaterThan(900);
  });

  it('adds a job again and again, until it is told to stop', async () => {
    const queue = await queueOf('repeated');
    const done: string[] = [];
    void queue.process('*', async (job) => void done.push(job.name));
    await queue.add('beat', {}, { repeat: { every: 150 } });
    await queue.add('twice', {}, { repeat: { every: 100, limit: 2 } });
    const beats = () => done.filter((name) => name === 'beat').length;
    await expect.poll(beats).toBeGreaterThanOrEqual(4);
    expect(done.filter((name) => name === 'twice')).toHaveLength(2);
    const repeatable = await queue.getRepeatableJobs();
    const beat = repeatable.find(({ name }) => name === 'beat')!;
    await queue.removeRepeatableByKey(beat.key);
    await sleep(100);
    const counted = beats();
    await sleep(350);
    expect(beats()).toBe(counted);
  });

  it('cleans, empties and obliterates', async () => {
    const queue = await queueOf('cleaned');
    void queue.process(async (job) => {
      if (job.data.n % 2 === 0) throw new Error('even');
    });
    await queue.addBulk(upTo(20).map((n) => ({ data: { n } })));
    await expect.poll(() => queue.getJobCounts()).toMatchObject({ completed: 10, failed: 10 });
    expect(await queue.clean(0, 'completed')).toHaveLength(10);
    await queue.pause();
    await queue.add({ n: 1 }, { delay: 60_000 });
    await queue.add({ n: 1 });
    await queue.empty();
    expect(await queue.getJobCounts()).toMatchObject({ paused: 0, delayed: 0, failed: 10 });
    await queue.obliterate();
    expect(await queue.getJobCounts()).toMatchObject({ completed: 0, failed: 0 });
  });
});

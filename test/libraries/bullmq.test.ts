/** Jobs of BullMQ, over each of its drivers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, RateLimitError, UnrecoverableError, WaitingError } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';
import { drivers, type QueueConnection, Workshop } from './bullmq-workshop.ts';

let server: RunningServer;
beforeAll(async () => {
  // What a queue must not lose must not be evicted, and BullMQ says so when it could be.
  server = await startTestServer(['--maxmemory-policy', 'noeviction']);
});
afterAll(() => server.stop());

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.each(Object.entries(drivers))('BullMQ over %s', (_name, connect) => {
  let connection: QueueConnection;
  let shop: Workshop;

  beforeAll(async () => {
    connection = await connect(server.port);
  });
  afterAll(() => connection.end());
  beforeEach(() => {
    shop = new Workshop(connection.connection);
  });
  afterEach(() => shop.close());

  it('does each job once, in order, and keeps what came of it', async () => {
    const queue = shop.queue();
    const results = new Map<string, unknown>();
    (await shop.events(queue)).on('completed', ({ jobId, returnvalue }) => {
      results.set(jobId, returnvalue);
    });
    const jobs = await queue.addBulk(upTo(100).map((n) => ({ name: 'square', data: { n } })));
    const done: number[] = [];
    await shop.worker(queue, async (job: Job) => {
      done.push(job.data.n);
      await job.log(`squaring ${job.data.n}`);
      await job.updateProgress(100);
      return { square: job.data.n ** 2 };
    });
    await expect.poll(() => results.size, { timeout: 20_000 }).toBe(100);
    for (const n of upTo(100)) expect(results.get(jobs[n]!.id!)).toEqual({ square: n ** 2 });
    expect(done).toEqual(upTo(100));
    expect(await queue.getJobCounts()).toMatchObject({ completed: 100, active: 0, waiting: 0 });
    const seventh = await queue.getJob(jobs[7]!.id!);
    expect(seventh).toMatchObject({ progress: 100, returnvalue: { square: 49 }, attemptsMade: 1 });
    expect(await queue.getJobLogs(jobs[7]!.id!)).toEqual({ logs: ['squaring 7'], count: 1 });
    const newest = await queue.getCompleted(0, 2);
    expect(newest.map((job) => job.data.n)).toEqual([99, 98, 97]);
  });

  it('takes the most urgent first, then the oldest; LIFO before all of the same', async () => {
    const queue = shop.queue();
    const add = (name: string, options: object) => queue.add(name, {}, options);
    await add('late', { priority: 10 });
    await add('soon 1', { priority: 1 });
    await add('soon 2', { priority: 1 });
    await add('plain 1', {});
    await add('plain 2', {});
    await add('stack', { lifo: true });
    const raised = await add('raised', { priority: 100 });
    await raised.changePriority({ priority: 5 });
    expect(await queue.getJobCounts('prioritized', 'waiting')).toEqual({
      prioritized: 4,
      waiting: 3,
    });
    const done: string[] = [];
    await shop.worker(queue, async (job: Job) => void done.push(job.name));
    await expect.poll(() => done).toHaveLength(7);
    expect(done).toEqual(['stack', 'plain 1', 'plain 2', 'soon 1', 'soon 2', 'raised', 'late']);
  });

  it('waits with a delayed job until its time, and takes a promoted one at once', async () => {
    const queue = shop.queue();
    const done: { name: string; ms: number }[] = [];
    await shop.worker(queue, async (job: Job) => {
      done.push({ name: job.name, ms: Date.now() - job.timestamp });
    });
    await queue.add('slow', {}, { delay: 700 });
    await queue.add('fast', {}, { delay: 300 });
    const promoted = await queue.add('promoted', {}, { delay: 60_000 });
    const later = await queue.add('later', {}, { delay: 60_000 });
    await expect.poll(() => queue.getDelayedCount()).toBe(4);
    await promoted.promote();
    await expect.poll(() => done).toHaveLength(3);
    expect(done.map(({ name }) => name)).toEqual(['promoted', 'fast', 'slow']);
    expect([done[1]!.ms >= 300, done[2]!.ms >= 700]).toEqual([true, true]);
    await later.changeDelay(1);
    await expect.poll(() => done.at(-1)!.name).toBe('later');
  });

  it('tries again after a failure, later each time, and gives up at the end', async () => {
    const queue = shop.queue();
    const events = await shop.events(queue);
    const exhausted: string[] = [];
    events.on('retries-exhausted', ({ jobId }) => exhausted.push(jobId));
    const triedMs: number[] = [];
    await shop.worker(queue, async (job: Job) => {
      triedMs.push(performance.now());
      if (job.name === 'hopeless') throw new UnrecoverableError('no use');
      if (job.attemptsMade < job.data.failures) throw new Error(`failure ${job.attemptsMade + 1}`);
      return 'at last';
    });
    const backoff = { type: 'exponential', delay: 100 };
    const stubborn = await queue.add('stubborn', { failures: 3 }, { attempts: 4, backoff });
    expect(await stubborn.waitUntilFinished(events, 10_000)).toBe('at last');
    const pauses = triedMs.slice(1).map((ms, i) => ms - triedMs[i]!);
    expect([pauses[0]! >= 99, pauses[1]! >= 199, pauses[2]! >= 399]).toEqual([true, true, true]);
    const failing = await queue.add('failing', { failures: 9 }, { attempts: 2, backoff: 10 });
    await expect(failing.waitUntilFinished(events, 10_000)).rejects.toThrow('failure 2');
    const hopeless = await queue.add('hopeless', {}, { attempts: 5 });
    await expect(hopeless.waitUntilFinished(events, 10_000)).rejects.toThrow('no use');
    const failed = await queue.getJob(failing.id!);
    expect(failed).toMatchObject({ failedReason: 'failure 2', attemptsMade: 2 });
    expect(failed!.stacktrace).toHaveLength(2);
    expect((await queue.getJob(hopeless.id!))!.attemptsMade).toBe(1);
    await expect.poll(() => exhausted).toContain(failing.id);
    await failed!.updateData({ failures: 0 });
    await failed!.retry('failed');
    expect(await failed!.waitUntilFinished(events, 10_000)).toBe('at last');
  });

  it('does no more than so many jobs in a time, however many workers there are', async () => {
    const queue = shop.queue();
    const startedMs: number[] = [];
    const options = { limiter: { max: 4, duration: 500 }, concurrency: 10 };
    const note = async () => void startedMs.push(performance.now());
    await shop.worker(queue, note, options);
    await shop.worker(queue, note, options);
    await queue.addBulk(upTo(10).map(() => ({ name: 'limited', data: {} })));
    await expect.poll(() => startedMs).toHaveLength(10);
    expect(startedMs[4]! - startedMs[0]!).toBeGreaterThan(450);
    expect(startedMs[8]! - startedMs[0]!).toBeGreaterThan(950);
  });

  it('holds a queue that is paused, and goes on when it is resumed', async () => {
    const queue = shop.queue();
    const done: number[] = [];
    await shop.worker(queue, async (job: Job) => void done.push(job.data.n));
    await queue.pause();
    await queue.addBulk(upTo(3).map((n) => ({ name: 'held', data: { n } })));
    await sleep(200);
    expect([await queue.isPaused(), done]).toEqual([true, []]);
    await queue.resume();
    await expect.poll(() => done).toEqual([0, 1, 2]);
  });

  it('takes one of several jobs that are the same', async () => {
    const queue = shop.queue();
    const [first, again] = [
      await queue.add('report', { of: 'may' }, { jobId: 'may-report' }),
      await queue.add('report', { of: 'june' }, { jobId: 'may-report' }),
    ];
    expect([first.id, again.id, await queue.count()]).toEqual(['may-report', 'may-report', 1]);
    expect((await queue.getJob('may-report'))!.data).toEqual({ of: 'may' });
    const deduplication = { id: 'mail', ttl: 1_000 };
    const mail = await queue.add('mail', {}, { deduplication });
    expect((await queue.add('mail', {}, { deduplication })).id).toBe(mail.id);
    expect(await queue.getDeduplicationJobId('mail')).toBe(mail.id);
    await sleep(1_020);
    expect((await queue.add('mail', {}, { deduplication })).id).not.toBe(mail.id);
    expect(await queue.count()).toBe(3);
  });

  it('works with as many hands as it may, and in all queues with no more than that', async () => {
    const queue = shop.queue();
    await queue.setGlobalConcurrency(3);
    let busy = 0;
    let busiest = 0;
    let done = 0;
    const work = async () => {
      busiest = Math.max(busiest, ++busy);
      await sleep(20);
      busy--;
      done++;
    };
    await shop.worker(queue, work, { concurrency: 5 });
    await shop.worker(queue, work, { concurrency: 5 });
    await queue.addBulk(upTo(30).map(() => ({ name: 'work', data: {} })));
    await expect.poll(() => done).toBe(30);
    expect(busiest).toBe(3);
  });

  it('does later what its worker puts off, and again what it is told to', async () => {
    const queue = shop.queue();
    const metrics = { maxDataPoints: 60 };
    const done: string[] = [];
    const putOff = new Map([
      [
        'limited',
        async () => {
          await worker.rateLimit(200);
          throw new RateLimitError();
        },
      ],
      [
        'moved',
        async (job: Job, token?: string) => {
          await job.moveToDelayed(Date.now() + 100, token);
          throw new DelayedError();
        },
      ],
      [
        'back',
        async (job: Job, token?: string) => {
          await job.moveToWait(token);
          throw new WaitingError();
        },
      ],
    ]);
    const work = async (job: Job, token?: string) => {
      const later = putOff.get(job.name);
      putOff.delete(job.name);
      await later?.(job, token);
      if (job.data.fail && job.attemptsMade === 0) throw new UnrecoverableError('once');
      done.push(job.name);
    };
    const worker = await shop.worker(queue, work, { metrics });
    const names = ['limited', 'moved', 'back', 'plain'];
    await queue.addBulk(names.map((name) => ({ name, data: {} })));
    await queue.addBulk(upTo(3).map((n) => ({ name: `fail ${n}`, data: { fail: true } })));
    await queue.addBulk(
      upTo(2).map((n) => ({ name: `late ${n}`, data: {}, opts: { delay: 1e6 } })),
    );
    await expect.poll(() => done).toHaveLength(4);
    expect([done.toSorted(), putOff.size]).toEqual([names.toSorted(), 0]);
    await expect.poll(() => queue.getFailedCount()).toBe(3);
    await queue.retryJobs({ state: 'failed' });
    await queue.promoteJobs();
    await expect.poll(() => done).toHaveLength(9);
    expect(done.slice(4).toSorted()).toEqual(['fail 0', 'fail 1', 'fail 2', 'late 0', 'late 1']);
    await expect
      .poll(() => queue.getJobCounts())
      .toMatchObject({ completed: 9, failed: 0, delayed: 0, active: 0 });
    const counted = [await queue.getMetrics('completed'), await queue.getMetrics('failed')];
    expect(counted.map(({ meta }) => meta.count)).toEqual([9, 3]);
  });

  it('forgets what it is told not to keep, and everything in the end', async () => {
    const queue = shop.queue({ defaultJobOptions: { removeOnComplete: 5 } });
    const worker = await shop.worker(queue, async (job: Job) => {
      if (job.name === 'fail') throw new Error('failed');
    });
    await queue.addBulk(upTo(20).map((n) => ({ name: n % 4 === 0 ? 'fail' : 'do', data: {} })));
    await expect.poll(() => queue.getJobCountByTypes('waiting', 'active')).toBe(0);
    expect(await queue.getJobCounts('completed', 'failed')).toEqual({ completed: 5, failed: 5 });
    expect(await queue.clean(0, 3, 'failed')).toHaveLength(3);
    expect(await queue.getFailedCount()).toBe(2);
    await worker.close();
    await queue.add('left', {});
    await queue.add('left', {}, { delay: 60_000 });
    await queue.drain(true);
    expect(await queue.getJobCountByTypes('waiting', 'delayed')).toBe(0);
    await queue.obliterate();
    expect(await queue.getJobCounts('completed', 'failed')).toEqual({ completed: 0, failed: 0 });
  });
});

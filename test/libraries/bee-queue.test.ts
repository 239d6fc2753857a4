/** Jobs of bee-queue. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import BeeQueue from 'bee-queue';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

const WORKER = fileURLToPath(new URL('bee-queue-worker.mjs', import.meta.url));

let server: RunningServer;
const open: BeeQueue[] = [];

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const queue of open.splice(0)) await queue.close(1_000);
});

/** A queue that is ready; one that is a worker takes jobs. */
async function queueOf(name: string, settings: BeeQueue.QueueSettings = {}): Promise<BeeQueue> {
  const queue = new BeeQueue(name, {
    redis: { host: '127.0.0.1', port: server.port },
    activateDelayedJobs: true,
    stallInterval: 500,
    ...settings,
  });
  open.push(queue);
  return queue.ready();
}

/** Saves a job and waits for what comes of it. */
async function outcome<T>(job: BeeQueue.Job<T>): Promise<unknown> {
  const end = new Promise((resolve) => {
    job.on('succeeded', resolve);
    job.on('failed', (error) => resolve(error));
  });
  await job.save();
  return end;
}

describe('bee-queue', () => {
  it('does each job once, and tells who asked for it of progress and result', async () => {
    const asker = await queueOf('squares', { isWorker: false });
    const workers = [await queueOf('squares'), await queueOf('squares')];
    const done: number[] = [];
    for (const worker of workers) {
      worker.process(3, async (job: BeeQueue.Job<{ n: number }>) => {
        done.push(job.data.n);
        job.reportProgress({ half: true });
        return job.data.n ** 2;
      });
    }
    const progress: unknown[] = [];
    const jobs = Array.from({ length: 60 }, (_, n) => asker.createJob({ n }));
    for (const job of jobs) job.on('progress', (report) => progress.push(report));
    const results = await Promise.all(jobs.map((job) => outcome(job)));
    expect(results).toEqual(jobs.map((_, n) => n ** 2));
    expect(done.toSorted((a, b) => a - b)).toEqual(jobs.map((_, n) => n));
    expect(progress).toContainEqual({ half: true });
    await expect
      .poll(() => asker.checkHealth())
      .toMatchObject({ waiting: 0, active: 0, succeeded: 60, failed: 0 });
  });

  it('tries again as often as it is told, after a pause, and then fails', async () => {
    const queue = await queueOf('failures');
    const tried: string[] = [];
    queue.process(async (job: BeeQueue.Job<{ name: string; failures: number }>) => {
      tried.push(job.data.name);
      if (job.data.failures-- > 0) throw new Error('not yet');
      const before = tried.filter((name) => name === job.data.name).length;
      if (before <= 2) throw new Error('still not');
      return 'at last';
    });
    const startedMs = performance.now();
    const stubborn = queue.createJob({ name: 'stubborn', failures: 0 }).retries(3);
    expect(await outcome(stubborn.backoff('fixed', 150))).toBe('at last');
    expect(performance.now() - startedMs).toBeGreaterThan(300);
    expect(tried).toEqual(['stubborn', 'stubborn', 'stubborn']);
    const failing = queue.createJob({ name: 'failing', failures: 9 });
    expect(await outcome(failing)).toEqual(new Error('not yet'));
    const slow = await queueOf('slow');
    slow.process(() => sleep(5_000));
    expect(String(await outcome(slow.createJob({}).timeout(100)))).toContain('timed out');
    await expect.poll(() => queue.checkHealth()).toMatchObject({ succeeded: 1, failed: 1 });
  });

  it('waits with delayed jobs until their time', async () => {
    const queue = await queueOf('delayed', { delayedDebounce: 10 });
    const done: { name: string; lateMs: number }[] = [];
    queue.process(async (job: BeeQueue.Job<{ name: string; dueMs: number }>) => {
      done.push({ name: job.data.name, lateMs: Date.now() - job.data.dueMs });
    });
    for (const [name, delayMs] of [
      ['slow', 600],
      ['fast', 200],
    ] as const) {
      const dueMs = Date.now() + delayMs;
      await queue.createJob({ name, dueMs }).delayUntil(dueMs).save();
    }
    expect(await queue.checkHealth()).toMatchObject({ delayed: 2, waiting: 0 });
    await expect.poll(() => done).toHaveLength(2);
    expect(done.map(({ name }) => name)).toEqual(['fast', 'slow']);
    expect(done.every(({ lateMs }) => lateMs >= 0)).toBe(true);
  });

  it('gives a job whose process was killed to another worker', async () => {
    const heir = await queueOf('stalled', { stallInterval: 1_000 });
    const doomed = fork(WORKER, [String(server.port), 'stalled'], { execArgv: [] });
    const job = await heir.createJob({ task: 'finish' }).save();
    const [taken] = await once(doomed, 'message');
    expect(taken).toBe(job.id);
    // A job of a worker that lives is not taken from it.
    for (let i = 0; i < 4; i++) {
      expect(await heir.checkStalledJobs()).toBe(0);
      await sleep(400);
    }
    doomed.kill('SIGKILL');
    const done: string[] = [];
    heir.process(async ({ id }) => void done.push(id));
    heir.checkStalledJobs(200);
    await expect.poll(() => done).toEqual([job.id]);
    await expect.poll(() => heir.checkHealth()).toMatchObject({ active: 0, succeeded: 1 });
  });

  it('finds, lists and removes jobs, and destroys a queue whole', async () => {
    const queue = await queueOf('kept', { isWorker: false });
    const jobs = Array.from({ length: 5 }, (_, n) => queue.createJob({ n }).setId(`job-${n}`));
    const failures = await queue.saveAll(jobs);
    expect(failures.size).toBe(0);
    expect((await queue.getJob('job-3')).data).toEqual({ n: 3 });
    await queue.removeJob('job-3');
    const waiting = await queue.getJobs('waiting', { start: 0, end: 10 });
    expect(waiting.map(({ id }) => id).toSorted()).toEqual(['job-0', 'job-1', 'job-2', 'job-4']);
    await queue.destroy();
    expect(await queue.checkHealth()).toMatchObject({ waiting: 0, newestJob: 0 });
  });
});

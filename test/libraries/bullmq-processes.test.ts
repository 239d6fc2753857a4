/** BullMQ with workers in other processes, some of which die. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';
import { drivers, Workshop } from './bullmq-workshop.ts';

const WORKER = fileURLToPath(new URL('bullmq-worker.mjs', import.meta.url));
const PROCESSOR = fileURLToPath(new URL('bullmq-processor.mjs', import.meta.url));

let server: RunningServer;
beforeAll(async () => {
  server = await startTestServer(['--maxmemory-policy', 'noeviction']);
});
afterAll(() => server.stop());

describe('BullMQ in several processes', () => {
  let shop: Workshop;
  let queue: Queue;
  const workers: ChildProcess[] = [];

  beforeEach(async () => {
    shop = new Workshop((await drivers.ioredis(server.port)).connection);
    queue = shop.queue();
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) worker.kill('SIGKILL');
    await shop.close();
  });

  /** A worker in another process; it loses its jobs when it is not heard of for so long. */
  async function startWorker(lockMs: number): Promise<ChildProcess> {
    const args = [server.port, queue.name, lockMs].map(String);
    const worker = fork(WORKER, args, { execArgv: [] });
    workers.push(worker);
    const [ready] = await once(worker, 'message');
    expect(ready).toBe('ready');
    return worker;
  }

  it('shares the jobs out, each to one process', async () => {
    const started = await Promise.all([1, 2, 3].map(() => startWorker(30_000)));
    const results = new Map<string, number>();
    let completions = 0;
    (await shop.events(queue)).on('completed', ({ jobId, returnvalue }) => {
      completions++;
      results.set(jobId, (returnvalue as unknown as { pid: number }).pid);
    });
    const jobs = Array.from({ length: 300 }, (_, n) => ({ name: 'work', data: { n } }));
    const added = await queue.addBulk(jobs);
    await expect.poll(() => results.size, { timeout: 20_000 }).toBe(300);
    expect(completions).toBe(300);
    expect(new Set(results.keys())).toEqual(new Set(added.map(({ id }) => id)));
    expect(new Set(results.values())).toEqual(new Set(started.map(({ pid }) => pid)));
    for (const worker of started) worker.send('close');
    const codes = await Promise.all(started.map((worker) => once(worker, 'exit')));
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0]);
    expect(await queue.getWorkersCount()).toBe(0);
  });

  it('gives a job whose process was killed to another', async () => {
    const doomed = await startWorker(1_500);
    const events = await shop.events(queue);
    const stalled: string[] = [];
    events.on('stalled', ({ jobId }) => stalled.push(jobId));
    const job = await queue.add('hang', {});
    await expect
      .poll(async () => (await queue.getJob(job.id!))!.progress)
      .toEqual({ hangsIn: doomed.pid });
    const heir = await startWorker(1_500);
    doomed.kill('SIGKILL');
    expect(await job.waitUntilFinished(events, 15_000)).toEqual({ pid: heir.pid });
    expect(stalled).toEqual([job.id]);
    expect(await queue.getJob(job.id!)).toMatchObject({ attemptsStarted: 2, stalledCounter: 1 });
  });

  it('runs a processor in processes of its own, and outlives those', async () => {
    await shop.worker(queue, PROCESSOR, { concurrency: 2 });
    const events = await shop.events(queue);
    const jobs = await queue.addBulk(
      [
        [1, 2, 3],
        [4, 5],
      ].map((numbers) => ({ name: 'sum', data: { numbers } })),
    );
    const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 20_000)));
    expect(results.map(({ sum }) => sum)).toEqual([6, 9]);
    expect(results.map(({ pid }) => pid)).not.toContain(process.pid);
    const crash = await queue.add('crash', { crash: true });
    await expect(crash.waitUntilFinished(events, 20_000)).rejects.toThrow('code: 7');
    const after = await queue.add('sum', { numbers: [40, 2] });
    expect((await after.waitUntilFinished(events, 20_000)).sum).toBe(42);
  });
});

/** BullMQ over the sudden end of the server: what is in the append-only file goes on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { afterAll, expect, it } from 'vitest';
import { freePort, startTestServer } from '../support/server.ts';
import { drivers, Workshop } from './bullmq-workshop.ts';

const dir = mkdtempSync(join(tmpdir(), 'redstart-queue-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

it('does every job that was added, when the server is killed and started again', async () => {
  const port = await freePort();
  const flags = ['--dir', dir, '--appendonly', 'yes', '--appendfsync', 'always'];
  const onPort = [...flags, '--port', String(port), '--maxmemory-policy', 'noeviction'];
  let server = await startTestServer(onPort);
  const shop = new Workshop((await drivers.ioredis(port)).connection);
  const queue = shop.queue();
  queue.on('error', () => undefined);
  const jobs = await queue.addBulk([
    ...upTo(60).map((n) => ({ name: 'plain', data: { n } })),
    ...upTo(20).map((n) => ({ name: 'urgent', data: { n }, opts: { priority: (n % 3) + 1 } })),
    ...upTo(20).map((n) => ({ name: 'late', data: { n }, opts: { delay: 1_500 + n } })),
  ]);
  const tree = await shop.flows().add({
    name: 'sum',
    queueName: queue.name,
    children: upTo(5).map((n) => ({ name: 'plain', queueName: queue.name, data: { n } })),
  });
  const doneTimes = new Map<string, number>();
  const work = async (job: Job) => {
    await sleep(10);
    doneTimes.set(job.id!, (doneTimes.get(job.id!) ?? 0) + 1);
    const children = Object.values(await job.getChildrenValues<number>());
    return job.name === 'sum' ? children.reduce((a, b) => a + b, 0) : job.data.n;
  };
  const worker = await shop.worker(queue, work, { lockDuration: 2_000, stalledInterval: 1_000 });
  worker.on('error', () => undefined);
  await expect.poll(() => doneTimes.size).toBeGreaterThan(20);
  server.process.kill('SIGKILL');
  await server.stop();
  server = await startTestServer(onPort);
  const counts = async () => (await queue.getJobCounts()).completed;
  await expect.poll(counts, { timeout: 20_000, interval: 100 }).toBe(jobs.length + 6);
  // One job may have been under way, and is done anew.
  const again = [...doneTimes.values()].filter((times) => times > 1);
  expect([doneTimes.size, again.length <= 1]).toEqual([jobs.length + 6, true]);
  expect((await queue.getJob(tree.job.id!))!.returnvalue).toBe(10);
  expect(await queue.getFailedCount()).toBe(0);
  await shop.close();
  await server.stop();
});

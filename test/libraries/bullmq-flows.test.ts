/** Trees of jobs and schedules of BullMQ, over each of its drivers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, type Queue, WaitingChildrenError } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';
import { drivers, type QueueConnection, Workshop } from './bullmq-workshop.ts';

let server: RunningServer;
beforeAll(async () => {
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

  /** Parts of a house, each of which costs something; one may fail. */
  async function site(): Promise<{ parts: Queue; houses: Queue; order: string[] }> {
    const [parts, houses] = [shop.queue(), shop.queue()];
    const order: string[] = [];
    const build = async (job: Job) => {
      order.push(job.name);
      if (job.name === 'broken') throw new Error('does not fit');
      const children = Object.values(await job.getChildrenValues<number>());
      return children.reduce((sum, cost) => sum + cost, job.data.cost);
    };
    await shop.worker(parts, build, { concurrency: 3 });
    await shop.worker(houses, build);
    return { parts, houses, order };
  }

  it('does the children before their parents, over queues and generations', async () => {
    const { parts, houses, order } = await site();
    const part = (name: string, cost: number, children: object[] = []) => ({
      name,
      queueName: parts.name,
      data: { cost },
      children: children as never[],
    });
    const doors = [part('door', 10), part('door', 20)];
    const walls = upTo(20).map(() => part('wall', 1));
    const flow = await shop.flows().add({
      name: 'house',
      queueName: houses.name,
      data: { cost: 1_000 },
      children: [part('frame', 100, doors), ...walls],
    });
    const events = await shop.events(houses);
    expect(await flow.job.waitUntilFinished(events, 20_000)).toBe(1_150);
    expect(order.at(-1)).toBe('house');
    expect(order.lastIndexOf('door')).toBeLessThan(order.indexOf('frame'));
    expect(await flow.job.getDependenciesCount()).toMatchObject({ processed: 21, unprocessed: 0 });
    const tree = await shop.flows().getFlow({ id: flow.job.id!, queueName: houses.name });
    const frame = tree.children!.find(({ job }) => job.name === 'frame');
    expect(frame!.children!.map(({ job }) => job.returnvalue).toSorted()).toEqual([10, 20]);
  });

  it('fails, ignores or drops a child that fails, as the flow says', async () => {
    const { parts, houses } = await site();
    const events = await shop.events(houses);
    const build = (opts: object) => {
      const child = { queueName: parts.name, data: { cost: 1 } };
      const children = [
        { ...child, name: 'broken', opts },
        { ...child, name: 'good' },
      ];
      return shop.flows().add({
        name: 'house',
        queueName: houses.name,
        data: { cost: 1 },
        children,
      });
    };
    const failed = await build({ failParentOnFailure: true });
    await expect(failed.job.waitUntilFinished(events, 10_000)).rejects.toThrow(
      `child bull:${parts.name}:${failed.children![0]!.job.id} failed`,
    );
    const ignored = await build({ ignoreDependencyOnFailure: true });
    expect(await ignored.job.waitUntilFinished(events, 10_000)).toBe(2);
    expect(Object.values(await ignored.job.getIgnoredChildrenFailures())).toEqual(['does not fit']);
    const dropped = await build({ removeDependencyOnFailure: true });
    expect(await dropped.job.waitUntilFinished(events, 10_000)).toBe(2);
  });

  it('adds children while it works, and waits for them', async () => {
    const { parts } = await site();
    const queue = shop.queue();
    await shop.worker(queue, async (job: Job, token) => {
      if (job.data.step === 2) return Object.values(await job.getChildrenValues<number>());
      const parent = { id: job.id!, queue: job.queueQualifiedName };
      for (const cost of [5, 6]) await parts.add('late', { cost }, { parent });
      await job.updateData({ step: 2 });
      if (await job.moveToWaitingChildren(token!)) throw new WaitingChildrenError();
      throw new Error('nothing to wait for');
    });
    const job = await queue.add('parent', { step: 1 });
    const result = await job.waitUntilFinished(await shop.events(queue), 10_000);
    expect(result.toSorted()).toEqual([5, 6]);
  });

  it('adds jobs on a schedule, until it is changed, used up or removed', async () => {
    const queue = shop.queue();
    const done: { name: string; dueMs: number; ms: number }[] = [];
    await shop.worker(queue, async ({ name, timestamp, opts }: Job) => {
      done.push({ name, dueMs: timestamp + (opts.delay ?? 0), ms: Date.now() });
    });
    const of = (name: string) => done.filter((one) => one.name === name);
    await queue.upsertJobScheduler('beat', { every: 200 }, { name: 'beat', data: {} });
    await queue.upsertJobScheduler('thrice', { every: 50, limit: 3 }, { name: 'thrice' });
    await queue.upsertJobScheduler('cron', { pattern: '* * * * * *' }, { name: 'cron' });
    expect(await queue.getJobSchedulersCount()).toBe(3);
    await expect.poll(() => of('beat').length).toBeGreaterThanOrEqual(5);
    await expect.poll(() => of('cron').length).toBeGreaterThanOrEqual(1);
    const beats = of('beat');
    for (const [i, { dueMs, ms }] of beats.slice(1).entries()) {
      const stepMs = dueMs - beats[i]!.dueMs;
      expect([ms >= dueMs, stepMs > 0, stepMs % 200]).toEqual([true, true, 0]);
    }
    expect(of('cron').every(({ dueMs, ms }) => ms >= dueMs)).toBe(true);
    await expect.poll(() => of('thrice').length).toBe(3);
    expect(await queue.getJobScheduler('beat')).toMatchObject({ every: 200, name: 'beat' });
    await queue.upsertJobScheduler('beat', { every: 60_000 }, { name: 'slow beat', data: {} });
    await queue.removeJobScheduler('cron');
    const waiting = async () => (await queue.getDelayed()).map(({ name }) => name);
    await expect.poll(waiting).toEqual(['slow beat']);
    const counted = of('beat').length + of('cron').length;
    await sleep(450);
    expect(of('beat').length + of('cron').length - counted).toBeLessThanOrEqual(1);
    expect(of('thrice')).toHaveLength(3);
    const left = (await queue.getJobSchedulers()).map(({ key }) => key);
    expect(left).toContain('beat');
    expect(left).not.toContain('cron');
  });
});

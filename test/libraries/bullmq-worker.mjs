/**
 * A worker of BullMQ in a process of its own: `node bullmq-worker.mjs <port> <queue> <lock ms>`.
 * A job that says so hangs in its first process; every other answers with the process that did it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';

const [port, queue, lockMs] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };

async function work(job) {
  if (job.name === 'hang' && job.attemptsStarted === 1) {
    await job.updateProgress({ hangsIn: process.pid });
    await new Promise(() => setInterval(() => undefined, 1_000));
  }
  await sleep(2);
  return { pid: process.pid };
}

const worker = new Worker(queue, work, {
  connection,
  concurrency: 4,
  lockDuration: Number(lockMs),
  stalledInterval: 500,
  drainDelay: 1,
});
await worker.waitUntilReady();
process.send('ready');
process.once('message', async () => {
  await worker.close();
  process.disconnect();
});

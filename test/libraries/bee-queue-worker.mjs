/** A worker of bee-queue that never ends its job: `node bee-queue-worker.mjs <port> <queue>`. */
import BeeQueue from 'bee-queue';

const [port, name] = process.argv.slice(2);
const queue = new BeeQueue(name, {
  redis: { host: '127.0.0.1', port: Number(port) },
  stallInterval: 1_000,
});
queue.process((job) => {
  process.send(job.id);
  return new Promise(() => setInterval(() => undefined, 1_000));
});

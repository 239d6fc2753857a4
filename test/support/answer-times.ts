import { RespClient } from './resp-client.ts';

const PERCENTILE = 0.99;

/**
 * How long a client that asks one PING after the other waits for the answers while `work` goes on:
 * the 99th percentile, in ms.
 */
export async function p99WhileMs(port: number, work: () => Promise<void>): Promise<number> {
  const client = await RespClient.connect(port);
  const times: number[] = [];
  let isDone = false;
  const asking = (async () => {
    while (!isDone) {
      const startMs = performance.now();
      await client.call('PING');
      times.push(performance.now() - startMs);
    }
  })();
  try {
    await work();
  } finally {
    isDone = true;
    await asking;
    await client.close();
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * PERCENTILE)]!;
}

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { overcommit } from '../../bench/overcommit.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed } from '../support/seeded-random.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';
import { infoNumber } from '../support/server-info.ts';

const LIMIT_BYTES = 64 * 1024 * 1024;

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** What the system says that a process takes; undefined where it does not say. */
function residentBytes(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  } catch (problem) {
    if ((problem as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw problem;
  }
}

describe('maxmemory', () => {
  const seed = chosenSeed();

  test.each(['allkeys-lru', 'allkeys-s3fifo'])(
    `holds under %s when eight clients write ten times as much (SEED=${seed})`,
    { timeout: 60_000 },
    async (policy) => {
      server = await startRedstart(['--maxmemory', '2mb', '--maxmemory-policy', policy]);
      const { port, process } = server;
      const client = await RespClient.connect(port);
      // The empty server is one that has served the same clients: compiled code, their buffers.
      const nothing = () => Promise.resolve();
      await overcommit({ port, writers: 8, bytes: LIMIT_BYTES, seed, look: nothing });
      await client.call('CONFIG', 'SET', 'maxmemory', '0');
      await client.call('FLUSHALL');
      const emptyBytes = residentBytes(process.pid!);
      await client.call('CONFIG', 'SET', 'maxmemory', '64mb');
      let usedMax = 0;
      let residentMax = 0;
      const look = async () => {
        usedMax = Math.max(usedMax, await infoNumber(client, 'memory', 'used_memory'));
        residentMax = Math.max(residentMax, residentBytes(process.pid!) ?? 0);
      };
      await overcommit({ port, writers: 8, bytes: LIMIT_BYTES * 10, seed, look });
      expect(usedMax).toBeGreaterThan(LIMIT_BYTES * 0.9);
      expect(usedMax).toBeLessThanOrEqual(LIMIT_BYTES * 1.01);
      if (emptyBytes !== undefined) {
        expect(residentMax - emptyBytes).toBeLessThanOrEqual(LIMIT_BYTES * 1.3);
      }
      expect(await infoNumber(client, 'stats', 'evicted_keys')).toBeGreaterThan(1000);
      await client.close();
    },
  );
});

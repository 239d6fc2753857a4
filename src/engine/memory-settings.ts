/** Holds memory at the limit that the configuration sets, now and at each change. */
import { Eviction } from '../keyspace/eviction.ts';
import type { Config } from './config.ts';
import type { DirectiveName } from './config-table.ts';
import type { Engine } from './engine.ts';
import type { LatencyMonitor } from './latency.ts';
import type { Log } from './log.ts';
import { MemoryLimit } from './memory-limit.ts';

/** See the file's comment. */
export function limitMemory(
  { keyspace, executor, clients, statistics }: Engine,
  config: Config,
  latency: LatencyMonitor,
  log: Log,
): MemoryLimit {
  const { values } = config;
  const eviction = new Eviction(keyspace);
  const limit = new MemoryLimit({ keyspace, eviction, executor, clients, latency, log });
  statistics.eviction = limit;
  const follow = (names: readonly DirectiveName[], apply: () => void) => {
    apply();
    config.onAnyChange(names, () => {
      apply();
      return undefined;
    });
  };
  follow(['maxmemory-policy', 'maxmemory-samples'], () => {
    eviction.policy = values['maxmemory-policy'];
    eviction.sampleCount = values['maxmemory-samples'];
  });
  follow(['lfu-log-factor', 'lfu-decay-time'], () => {
    keyspace.access.logFactor = values['lfu-log-factor'];
    keyspace.access.decayMinutes = values['lfu-decay-time'];
  });
  follow(['maxmemory', 'maxmemory-eviction-tenacity'], () => {
    limit.setTenacity(values['maxmemory-eviction-tenacity']);
    limit.setLimit(values.maxmemory);
  });
  return limit;
}

/**
 * What a server holds before a workload runs. Both servers are given exactly the same keys and
 * values.
 */
import type { Control } from './control.ts';
import { runLoad } from './load.ts';
import { INDEX, templateBatches } from './requests.ts';
import type { Server } from './servers.ts';

const MILLION = 1_000_000;
const CONNECTIONS = 4;
const PIPELINE = 64;

export interface Dataset {
  readonly name: string;
  /** Sent `count` times with INDEX running from 0 to count - 1. */
  readonly command: readonly string[];
  readonly count: number;
  /** DBSIZE once it is loaded, asked of the server as a check. */
  readonly keys: number;
}

/** `count` keys key:000000000000 and on, with values of `valueBytes` bytes. */
function stringKeys(count: number, valueBytes: number): Dataset {
  return {
    name: `${count} strings of ${valueBytes} B`,
    command: ['SET', `key:${INDEX}`, 'x'.repeat(valueBytes)],
    count,
    keys: count,
  };
}

/** Everything in one key, by a command that adds one element. */
function oneKey(name: string, command: readonly string[], count = MILLION): Dataset {
  return { name, command, count, keys: 1 };
}

const fields100 = Array.from({ length: 100 }, (_, i) => `field:${String(i).padStart(3, '0')}`);

export const datasets = {
  strings3: stringKeys(MILLION, 3),
  strings64: stringKeys(MILLION, 64),
  // Fewer of the large values: a million of 16 KiB would need 16 GiB on each side.
  strings1KiB: stringKeys(200_000, 1024),
  strings16KiB: stringKeys(10_000, 16 * 1024),
  counters: {
    name: '1000000 counters',
    command: ['SET', `counter:${INDEX}`, '1'],
    count: MILLION,
    keys: MILLION,
  },
  hash: oneKey('a hash of 1000000 fields', ['HSET', 'myhash', `element:${INDEX}`, 'xxx']),
  set: oneKey('a set of 1000000 members', ['SADD', 'myset', `element:${INDEX}`]),
  list: oneKey('a list of 100000 elements', ['RPUSH', 'mylist', 'xxx'], 100_000),
  zset: oneKey('a sorted set of 1000000 members', ['ZADD', 'myzset', INDEX, `element:${INDEX}`]),
  // On a line from the equator to the north east, some 12 m apart.
  places: oneKey('1000000 places', [
    'GEOADD',
    'places',
    `${INDEX}e-4`,
    `${INDEX}e-5`,
    `element:${INDEX}`,
  ]),
  stream: oneKey('a stream of 1000 entries', ['XADD', 'mystream', '*', 'f', 'xxx'], 1000),
  hashes100: {
    name: '10000 hashes of 100 fields',
    command: ['HSET', `hash:${INDEX}`, ...fields100.flatMap((field) => [field, 'xxx'])],
    count: 10_000,
    keys: 10_000,
  },
  sets100: {
    name: '10000 sets of 100 members',
    command: ['SADD', `set:${INDEX}`, ...fields100],
    count: 10_000,
    keys: 10_000,
  },
} satisfies Record<string, Dataset>;

/** Empties the server and fills it; throws when it does not hold the number of keys it should. */
export async function fill(server: Server, control: Control, dataset: Dataset): Promise<void> {
  await control.call('FLUSHALL');
  await addAll(server.port, dataset).catch((error: unknown) => {
    server.assertRunning();
    throw new Error(`loading ${dataset.name} into ${server.name} failed`, { cause: error });
  });
  const keys = await control.call('DBSIZE');
  if (keys !== dataset.keys) {
    throw new Error(`${server.name} holds ${keys} keys instead of ${dataset.keys}`);
  }
}

async function addAll(port: number, { command, count }: Dataset): Promise<void> {
  const source = templateBatches(command, { from: 0, to: count }, PIPELINE);
  await runLoad(source, { port, connections: CONNECTIONS });
}

/**
 * The workloads: what is sent, to which data, and what ratio of CPU per operation is asked for. The
 * targets are those of the design's performance table; a workload without one is there to be looked
 * at.
 */
import { type Dataset, datasets } from './datasets.ts';
import { INDEX } from './requests.ts';

/**
 * Redstart's CPU per operation divided by Redis's: what is required, and where we would like to be.
 */
export interface Target {
  readonly must: number;
  readonly stretch: number;
}

export interface Workload {
  readonly name: string;
  /** The commands a server must know for this workload to run. */
  readonly needs: readonly string[];
  readonly dataset: Dataset;
  /**
   * A command sent by redis-benchmark, its INDEX drawn below `keyspace`; or zipf-distributed GET
   * and SET.
   */
  readonly load: { readonly command: readonly string[]; readonly keyspace: number } | 'zipf';
  readonly clients: number;
  readonly pipeline: number;
  /** Per round, chosen so that a round takes Redis about 1.5 s of CPU. */
  readonly requests: number;
  /** Sent before every round when rounds would otherwise find ever more data. */
  readonly reset?: readonly string[];
  readonly target?: Target;
  /** Part of a quick run: the rows that have a target. */
  readonly quick: boolean;
}

type Variation = Partial<Pick<Workload, 'clients' | 'pipeline' | 'reset' | 'needs' | 'target'>> & {
  name: string;
  dataset: Dataset;
  command: readonly string[];
  requests: number;
};

const KEY = `key:${INDEX}`;
const value64 = 'x'.repeat(64);
const tenPairs = Array.from({ length: 10 }, () => [KEY, value64]).flat();

/** Shared parts filled in: 50 clients, pipeline 16, keys drawn from all that the dataset has. */
function workload(given: Variation): Workload {
  const { command, ...rest } = given;
  return {
    needs: [command[0]!],
    clients: 50,
    pipeline: 16,
    load: { command, keyspace: given.dataset.count },
    quick: given.target !== undefined,
    ...rest,
  };
}

/** The same shape for GET and for SET, since every string workload comes as this pair. */
function getAndSet(given: Omit<Variation, 'command' | 'name'> & { name: string; bytes: number }) {
  const { bytes, ...rest } = given;
  const set = ['SET', KEY, bytes === 64 ? value64 : 'x'.repeat(bytes)];
  return [
    workload({ ...rest, name: `GET ${given.name}`, command: ['GET', KEY] }),
    workload({ ...rest, name: `SET ${given.name}`, command: set }),
  ];
}

const { strings64, strings3, strings1KiB, strings16KiB } = datasets;

const strings: Workload[] = [
  ...getAndSet({
    name: '64B P1',
    dataset: strings64,
    bytes: 64,
    pipeline: 1,
    requests: 200_000,
    target: { must: 1.1, stretch: 0.95 },
  }),
  ...getAndSet({
    name: '64B P16',
    dataset: strings64,
    bytes: 64,
    requests: 1_200_000,
    target: { must: 0.75, stretch: 0.6 },
  }),
  ...getAndSet({
    name: '64B P64',
    dataset: strings64,
    bytes: 64,
    pipeline: 64,
    requests: 1_600_000,
    target: { must: 0.6, stretch: 0.4 },
  }),
  workload({
    name: 'MSET 10 P16',
    dataset: strings64,
    command: ['MSET', ...tenPairs],
    requests: 200_000,
    target: { must: 0.6, stretch: 0.4 },
  }),
  {
    name: 'ZIPF 0.99 GET:SET 9:1 P16',
    needs: ['GET', 'SET'],
    dataset: strings64,
    load: 'zipf',
    clients: 50,
    pipeline: 16,
    requests: 1_600_000,
    target: { must: 0.8, stretch: 0.65 },
    quick: true,
  },
  ...getAndSet({
    name: '64B P1 500c',
    dataset: strings64,
    bytes: 64,
    clients: 500,
    pipeline: 1,
    requests: 300_000,
  }),
  ...getAndSet({
    name: '64B P16 500c',
    dataset: strings64,
    bytes: 64,
    clients: 500,
    requests: 2_000_000,
  }),
  ...getAndSet({ name: '3B P16', dataset: strings3, bytes: 3, requests: 1_200_000 }),
  ...getAndSet({ name: '1KiB P16', dataset: strings1KiB, bytes: 1024, requests: 800_000 }),
  ...getAndSet({ name: '16KiB P16', dataset: strings16KiB, bytes: 16 * 1024, requests: 200_000 }),
  workload({
    name: 'INCR P16',
    dataset: datasets.counters,
    command: ['INCR', `counter:${INDEX}`],
    requests: 1_200_000,
    target: { must: 0.8, stretch: 0.65 },
  }),
];

const collections: Workload[] = [
  workload({
    name: 'HSET P16',
    dataset: datasets.hash,
    command: ['HSET', 'myhash', `element:${INDEX}`, 'xxx'],
    requests: 1_200_000,
    target: { must: 0.8, stretch: 0.6 },
  }),
  workload({
    name: 'HGET P16',
    dataset: datasets.hash,
    command: ['HGET', 'myhash', `element:${INDEX}`],
    needs: ['HSET', 'HGET'],
    requests: 1_200_000,
    target: { must: 0.8, stretch: 0.6 },
  }),
  workload({
    name: 'HSET 100 P16',
    dataset: datasets.hashes100,
    command: ['HSET', `hash:${INDEX}`, 'field:017', 'xxx'],
    needs: ['HSET'],
    requests: 800_000,
  }),
  workload({
    name: 'HGETALL 100 P16',
    dataset: datasets.hashes100,
    command: ['HGETALL', `hash:${INDEX}`],
    needs: ['HSET', 'HGETALL'],
    requests: 200_000,
  }),
  workload({
    name: 'SADD P16',
    dataset: datasets.set,
    command: ['SADD', 'myset', `element:${INDEX}`],
    requests: 1_200_000,
    target: { must: 0.8, stretch: 0.6 },
  }),
  workload({
    name: 'SPOP P16',
    dataset: datasets.set,
    command: ['SPOP', 'popped'],
    needs: ['SADD', 'COPY', 'SPOP'],
    reset: ['COPY', 'myset', 'popped', 'REPLACE'],
    requests: 800_000,
  }),
  workload({
    name: 'SMEMBERS 100 P16',
    dataset: datasets.sets100,
    command: ['SMEMBERS', `set:${INDEX}`],
    needs: ['SADD', 'SMEMBERS'],
    requests: 200_000,
  }),
  workload({
    name: 'LRANGE 100 P16',
    dataset: datasets.list,
    command: ['LRANGE', 'mylist', '0', '99'],
    needs: ['RPUSH', 'LRANGE'],
    requests: 400_000,
    target: { must: 0.8, stretch: 0.55 },
  }),
  workload({
    name: 'LPUSH P16',
    dataset: datasets.list,
    command: ['LPUSH', 'mylist', 'xxx'],
    needs: ['RPUSH', 'LPUSH'],
    reset: ['DEL', 'mylist'],
    requests: 2_000_000,
    target: { must: 1.0, stretch: 0.85 },
  }),
  workload({
    name: 'ZRANGEBYSCORE 10 P16',
    dataset: datasets.zset,
    command: ['ZRANGEBYSCORE', 'myzset', INDEX, '+inf', 'LIMIT', '0', '10'],
    needs: ['ZADD', 'ZRANGEBYSCORE'],
    requests: 800_000,
    target: { must: 0.7, stretch: 0.5 },
  }),
  workload({
    name: 'ZADD P16',
    dataset: datasets.zset,
    command: ['ZADD', 'myzset', INDEX, `element:${INDEX}`],
    requests: 800_000,
    target: { must: 0.5, stretch: 0.35 },
  }),
  workload({
    name: 'GEOSEARCH 17 P16',
    dataset: datasets.places,
    command: ['GEOSEARCH', 'places', 'FROMMEMBER', `element:${INDEX}`, 'BYRADIUS', '100', 'm'],
    needs: ['GEOADD', 'GEOSEARCH'],
    requests: 100_000,
  }),
  workload({
    name: 'GEOADD P16',
    dataset: datasets.places,
    command: ['GEOADD', 'places', `${INDEX}e-4`, `${INDEX}e-5`, `element:${INDEX}`],
    requests: 400_000,
  }),
  workload({
    name: 'XADD P16',
    dataset: datasets.stream,
    command: ['XADD', 'mystream', '*', 'f', 'xxx'],
    reset: ['DEL', 'mystream'],
    requests: 1_200_000,
    target: { must: 0.8, stretch: 0.6 },
  }),
];

/** A workload without pipelining, where the kernel's work for each request weighs most. */
function unpipelined(given: Workload): Workload {
  return {
    ...given,
    name: given.name.replace('P16', 'P1'),
    pipeline: 1,
    requests: 200_000,
    target: { must: 1.1, stretch: 0.95 },
    quick: false,
  };
}

/** Pipelined and not, where a target is asked for. */
function atBothDepths(given: Workload): Workload[] {
  return given.target === undefined ? [given] : [given, unpipelined(given)];
}

/** In the order they are run and shown; those of one dataset stand together. */
export const workloads: readonly Workload[] = [...strings, ...collections.flatMap(atBothDepths)];

/**
 * The workloads meant by a pattern: its words, separated by spaces or hyphens and in any case, are
 * the beginning of the name. GET means every GET, but not HGETALL; get-64b-p16 also the one with
 * 500 clients.
 */
export function matching(all: readonly Workload[], pattern: string): Workload[] {
  const wanted = words(pattern);
  return all.filter(({ name }) => {
    const have = words(name);
    return wanted.length > 0 && wanted.every((word, i) => have[i] === word);
  });
}

function words(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[\s-]+/)
    .filter((word) => word !== '');
}

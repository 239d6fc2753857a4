/**
 * What it costs to hold memory at its limit: server CPU per SET of a new key at the limit, under
 * each policy, beside that of a SET while there is no limit, and of the same SET: policies that
 * take only keys that expire are measured with EX. All servers take turns.
 */
import { Control } from './control.ts';
import { cpuMicrosBetween, readCpu } from './cpu.ts';
import { runLoad } from './load.ts';
import { INDEX, templateBatches } from './requests.ts';
import { redisCommand, type Server } from './servers.ts';
import { median } from './statistics.ts';
import { formatTable } from './table.ts';

const CONNECTIONS = 16;
const PIPELINE = 16;
const VALUE = 'v'.repeat(64);
/** Far beyond the run. */
const EXPIRY_SECONDS = '100000';
/** A key takes at least so much, in any server: what fills the limit, and then some. */
const KEY_BYTES_MIN = 80;
const POLICIES = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-ttl',
  'volatile-lru',
  'allkeys-s3fifo',
];

export interface CostOrder {
  readonly limitBytes: number;
  /** SETs that are measured at a time. */
  readonly requests: number;
  readonly rounds: number;
}

/** A table of microseconds per SET, and how many times that is of a SET without a limit. */
export async function measureCosts(servers: readonly Server[], order: CostOrder): Promise<string> {
  const figures = new Map<string, number[]>();
  // The first round warms up.
  for (let round = 0; round <= order.rounds; round++) {
    for (const policy of POLICIES) {
      for (const server of servers) {
        const { unlimited, limited } = await measureServer(server, policy, order);
        if (round === 0) continue;
        if (!isVolatile(policy)) note(figures, `${server.name} unlimited`, unlimited);
        note(figures, `${server.name} ${policy} unlimited`, unlimited);
        if (limited !== null) note(figures, `${server.name} ${policy}`, limited);
      }
    }
  }
  const columns = servers.flatMap(({ name }) => [
    { title: name },
    { title: 'of a SET' },
    { title: 'of the same' },
  ]);
  const rows = ['unlimited', ...POLICIES].map((what) => [
    what,
    ...servers.flatMap(({ name }) => {
      const found = figures.get(`${name} ${what}`);
      if (found === undefined) return ['-', '-', '-'];
      const plain = median(figures.get(`${name} unlimited`)!);
      const same = median(figures.get(`${name} ${what} unlimited`) ?? [plain]);
      const cost = median(found);
      return [cost.toFixed(2), (cost / plain).toFixed(2), (cost / same).toFixed(2)];
    }),
  ]);
  return formatTable([{ title: 'us per SET', align: 'left' }, ...columns], rows);
}

/** SETs of new keys into an empty server, and at the limit; null where there is no such policy. */
async function measureServer(server: Server, policy: string, order: CostOrder) {
  const control = await Control.connect(server.port);
  try {
    await control.call('CONFIG', 'SET', 'maxmemory', '0');
    await control.empty();
    const emptyBytes = (await control.usedMemory())!;
    const expiry = isVolatile(policy) ? ['EX', EXPIRY_SECONDS] : [];
    const command = ['SET', `key:${INDEX}`, VALUE, ...expiry];
    const set = async (from: number, count: number) => {
      const range = { from, to: from + count };
      const before = readCpu(server.pid);
      const source = templateBatches(command, range, PIPELINE);
      await runLoad(source, { port: server.port, connections: CONNECTIONS });
      return cpuMicrosBetween(before, readCpu(server.pid)) / count;
    };
    const filling = Math.floor(order.limitBytes / KEY_BYTES_MIN);
    const unlimited = await set(0, Math.floor(filling / 2));
    if (server.name === redisCommand.name && policy.endsWith('s3fifo')) {
      return { unlimited, limited: null };
    }
    await control.call('CONFIG', 'SET', 'maxmemory-policy', policy);
    const limit = Math.floor(emptyBytes + order.limitBytes);
    await control.call('CONFIG', 'SET', 'maxmemory', String(limit));
    await set(filling, filling);
    const evictedBefore = await evictedKeys(control);
    const limited = await set(filling * 2, order.requests);
    const evicted = (await evictedKeys(control)) - evictedBefore;
    if (evicted < order.requests * 0.95) throw new Error(`only ${evicted} keys were evicted`);
    return { unlimited, limited };
  } finally {
    control.close();
  }
}

/** Whether a policy evicts only keys that expire. */
function isVolatile(policy: string): boolean {
  return policy.startsWith('volatile-');
}

async function evictedKeys(control: Control): Promise<number> {
  return Number((await control.info('stats')).get('evicted_keys'));
}

function note(figures: Map<string, number[]>, what: string, micros: number): void {
  figures.set(what, [...(figures.get(what) ?? []), micros]);
}

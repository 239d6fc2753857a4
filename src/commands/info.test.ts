import { describe, expect, it } from 'vitest';
import { START_MS, show, TestEngine } from '../../test/support/engine.ts';
import type { Blocking } from './services/blocking.ts';
import type { ClientDirectory, ClientState, Transport } from './services/clients.ts';
import type { Configuration } from './services/configuration.ts';
import type { Lifecycle } from './services/lifecycle.ts';
import type { Functions, LibraryFacts, Scripting } from './services/scripting.ts';
import type { Tracking } from './services/tracking.ts';
import type { Services } from './services.ts';

const SETTINGS: Readonly<Record<string, string>> = {
  hz: '10',
  maxclients: '100',
  maxmemory: '1536',
  'maxmemory-policy': 'noeviction',
  'repl-backlog-size': '1048576',
  'latency-tracking': 'yes',
  'latency-tracking-info-percentiles': '50 99.9',
};

const lifecycle: Partial<Lifecycle> = {
  runId: 'f'.repeat(40),
  executable: '/usr/bin/redstart',
  configFile: '/etc/redis.conf',
  port: 6379,
  supervisor: 'no',
  loading: false,
  listeners: () => [
    { name: 'tcp', addresses: ['127.0.0.1', '-::1'], port: 6379 },
    { name: 'unix', addresses: ['/tmp/x.sock'], port: 0 },
  ],
  residentBytes: () => 50_000_000,
  cpuSeconds: () => ({ user: 1.5, system: 0.25 }),
  threadCpuSeconds: () => ({ user: 1, system: 0.125 }),
};

/** A client with so many bytes in its buffers. */
function clientHolding(query: number, free: number, output: number, paused = false): ClientState {
  const transport: Partial<Transport> = {
    queryBytes: () => query,
    queryFreeBytes: () => free,
    outputBytes: () => output,
  };
  return { transport, paused } as ClientState;
}

const CLIENTS = [clientHolding(10, 20, 5), clientHolding(0, 40, 1000, true)];

/** What the sections read, and nothing else. */
const LIBRARY: LibraryFacts = {
  name: 'lib',
  code: Buffer.alloc(0),
  functions: [
    { name: 'f', description: null, flags: [] },
    { name: 'g', description: null, flags: [] },
  ],
};

function servicesWith(settings: Readonly<Record<string, string>>): Partial<Services> {
  const configuration: Partial<Configuration> = {
    textOf(name) {
      const text = settings[name];
      if (text === undefined) throw new Error(`no setting of ${name} for this test`);
      return text;
    },
  };
  const blocking: Partial<Blocking> = {
    clientCount: 2,
    timedCount: 1,
    keyCount: 3,
    groupKeyCount: 0,
  };
  const tracking: Partial<Tracking> = {
    clientCount: 4,
    keyCount: 5,
    itemCount: 6,
    prefixCount: 7,
  };
  const scripting: Partial<Scripting> = { scriptCount: 3, stateBytes: 5000, codeBytes: 300 };
  const functions: Partial<Functions> = {
    stateBytes: 7000,
    codeBytes: 20,
    list: () => [LIBRARY, LIBRARY],
  };
  const clients: Partial<ClientDirectory> = { all: () => CLIENTS, count: CLIENTS.length };
  return {
    configuration: configuration as Configuration,
    clients: clients as ClientDirectory,
    lifecycle: lifecycle as Lifecycle,
    wallClock: {
      microseconds: () => START_MS * 1000 + 7,
      commandMicroseconds: () => START_MS * 1000 + 7,
    },
    blocking: blocking as Blocking,
    scripting: scripting as Scripting,
    functions: functions as Functions,
    tracking: tracking as Tracking,
  };
}

function engineWith(settings: Readonly<Record<string, string>> = {}): TestEngine {
  return new TestEngine({ services: servicesWith({ ...SETTINGS, ...settings }) });
}

function infoOf(engine: TestEngine, ...sections: readonly string[]): string {
  const reply = engine.run('INFO', ...sections);
  if (reply.type !== 'bulk') throw new Error(`INFO answered ${show(reply)}`);
  return reply.bytes.toString();
}

function titles(text: string): string {
  return [...text.matchAll(/^# (.*)\r$/gm)].map(([, title]) => title).join(' ');
}

function fieldsOf(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.split(':')[0]!, line.slice(line.indexOf(':') + 1)]));
}

/** The values of some fields of a section. */
function values(engine: TestEngine, section: string, ...names: readonly string[]): unknown[] {
  const fields = fieldsOf(infoOf(engine, section));
  return names.map((name) => fields.get(name));
}

const DEFAULT =
  'Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace';
const ALL =
  'Server Clients Memory Persistence Stats Replication CPU Modules Commandstats Errorstats ' +
  'Latencystats Cluster Keyspace';

describe('INFO', () => {
  it.each([
    [[], DEFAULT],
    [['default'], DEFAULT],
    [['ALL'], ALL],
    [['everything'], ALL],
    [['latencystats', 'Default', 'commandstats'], ALL],
    [['keyspace', 'SERVER', 'server'], 'Server Keyspace'],
    [['nosuch', 'cpu'], 'CPU'],
    [['nosuch'], ''],
    [[''], ''],
  ])('shows the sections asked for, in their order: %j', (words, expected) => {
    expect(titles(infoOf(engineWith(), ...words))).toBe(expected);
  });

  it('is headed lines with an empty one between sections', () => {
    expect(infoOf(engineWith(), 'modules', 'cluster')).toBe(
      '# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n',
    );
    expect(infoOf(engineWith(), 'nosuch')).toBe('');
  });

  it('is a text for people in RESP3', () => {
    const engine = engineWith();
    engine.client.resp3 = true;
    expect(engine.text('INFO', 'cluster')).toBe('(txt) "# Cluster\\r\\ncluster_enabled:0\\r\\n"');
  });

  it('has every field once, with a value that a parser can read', () => {
    const engine = engineWith();
    engine.run('SET', 'k', 'v');
    const lines = infoOf(engine, 'everything').split('\r\n');
    const fields = lines.filter((line) => line !== '' && !line.startsWith('# '));
    for (const line of fields) expect(line).toMatch(/^[a-z][\w|-]*:(?!undefined|NaN)[^\r\n]*$/);
    const names = fields.map((line) => line.split(':')[0]);
    expect(names).toEqual([...new Set(names)]);
    expect(names.length).toBeGreaterThan(150);
  });
});

describe('INFO server', () => {
  it('says what the server is', () => {
    const engine = engineWith();
    engine.sleep(86_400_000 * 2 + 1999);
    const names = ['redis_version', 'tcp_port', 'uptime_in_seconds', 'uptime_in_days', 'run_id'];
    expect(values(engine, 'server', ...names)).toEqual([
      '7.2.4',
      '6379',
      String(86_400 * 2 + 1),
      '2',
      'f'.repeat(40),
    ]);
    expect(values(engine, 'server', 'server_time_usec', 'lru_clock')).toEqual([
      '1704067200000007',
      String((Math.floor(START_MS / 1000) + 86_400 * 2 + 1) % 2 ** 24),
    ]);
    expect(values(engine, 'server', 'listener0', 'listener1', 'listener2')).toEqual([
      'name=tcp,bind=127.0.0.1,bind=-::1,port=6379',
      'name=unix,bind=/tmp/x.sock',
      undefined,
    ]);
  });
});

describe('INFO clients and memory', () => {
  it('adds up what clients hold', () => {
    const names = ['connected_clients', 'maxclients', 'client_recent_max_input_buffer'];
    expect(values(engineWith(), 'clients', ...names)).toEqual(['2', '100', '40']);
    expect(values(engineWith(), 'clients', 'client_recent_max_output_buffer')).toEqual(['1000']);
    expect(values(engineWith(), 'memory', 'mem_clients_normal')).toEqual(['1075']);
  });

  it('counts the clients that a pause holds back', () => {
    expect(values(engineWith(), 'clients', 'blocked_clients')).toEqual(['3']);
  });

  it('tells how many keys of a flush are yet to be freed', () => {
    const engine = engineWith();
    const pending = () => Number(values(engine, 'memory', 'lazyfree_pending_objects')[0]);
    for (let i = 0; i < 6000; i++) engine.run('SET', `key:${i}`, 'v');
    expect(pending()).toBe(0);
    engine.run('FLUSHALL');
    expect(pending()).toBe(6000);
    engine.keyspace.freeGarbage();
    expect(pending()).toBeGreaterThan(0);
    expect(pending()).toBeLessThan(6000);
    while (engine.keyspace.hasGarbage) engine.keyspace.freeGarbage();
    expect(pending()).toBe(0);
  });

  it('accounts for all that is used', () => {
    const engine = engineWith();
    const startup = engine.keyspace.heap.usedBytes;
    for (let i = 0; i < 3000; i++) engine.run('SET', `key:${i}`, 'x'.repeat(50), 'EX', '100');
    const fields = fieldsOf(infoOf(engine, 'memory'));
    const number = (name: string) => Number(fields.get(name));
    expect(number('used_memory')).toBe(engine.keyspace.heap.usedBytes);
    expect(number('used_memory_startup')).toBe(startup);
    expect(number('used_memory_overhead') + number('used_memory_dataset')).toBe(
      number('used_memory'),
    );
    expect(number('used_memory_overhead')).toBeGreaterThan(3000 * (16 + 7));
    expect(number('used_memory_overhead')).toBeLessThan(3000 * (16 + 12) + startup);
    expect(number('used_memory_peak')).toBe(number('used_memory'));
    expect(number('allocator_resident')).toBeGreaterThanOrEqual(number('allocator_active'));
    expect(number('allocator_active')).toBeGreaterThan(number('allocator_allocated'));
    expect(fields.get('used_memory_rss_human')).toBe('47.68M');
    expect(fields.get('maxmemory_human')).toBe('1.50K');
  });

  it('counts pages that are free after use as resident', () => {
    const engine = engineWith();
    for (let i = 0; i < 3000; i++) engine.run('SET', `key:${i}`, 'x'.repeat(500));
    const [before] = values(engine, 'memory', 'allocator_resident');
    for (let i = 0; i < 3000; i++) engine.run('DEL', `key:${i}`);
    const [resident, active] = values(engine, 'memory', 'allocator_resident', 'allocator_active');
    expect(resident).toBe(before);
    expect(Number(active)).toBeLessThan(Number(resident) / 2);
  });

  it('remembers the peak', () => {
    const engine = engineWith();
    engine.statistics.peakMemoryBytes = 1_000_000;
    expect(values(engine, 'memory', 'used_memory_peak')).toEqual(['1000000']);
  });
});

describe('INFO stats', () => {
  it('shows counters', () => {
    const engine = engineWith();
    engine.run('SET', 'k', 'v', 'PX', '5');
    engine.run('GET', 'k');
    engine.run('GET', 'missing');
    engine.sleep(6);
    engine.run('GET', 'k');
    engine.run('NOSUCH');
    Object.assign(engine.statistics, { reads: 3, writes: 4, inputBytes: 5, outputBytes: 6 });
    Object.assign(engine.statistics, { expiryLimitsReached: 7, expiryMilliseconds: 8.9 });
    const names = [
      'keyspace_hits',
      'keyspace_misses',
      'expired_keys',
      'total_error_replies',
      'total_commands_processed',
      'total_reads_processed',
      'total_writes_processed',
      'total_net_input_bytes',
      'total_net_output_bytes',
      'expired_time_cap_reached_count',
      'expire_cycle_cpu_milliseconds',
    ];
    expect(values(engine, 'stats', ...names)).toEqual('1 2 1 1 4 3 4 5 6 7 8'.split(' '));
  });
});

describe('INFO of what was called', () => {
  it('shows calls, refusals and failures of each command', () => {
    const engine = engineWith();
    engine.run('SET', 'k', 'v');
    engine.run('INCR', 'k');
    engine.run('INCR');
    engine.run('OBJECT', 'ENCODING', 'k');
    const text = infoOf(engine, 'commandstats').replaceAll(
      /usec=\d+,usec_per_call=\d+\.\d\d/g,
      '*',
    );
    expect(text.split('\r\n').sort()).toEqual([
      '',
      '# Commandstats',
      'cmdstat_incr:calls=1,*,rejected_calls=1,failed_calls=1',
      'cmdstat_object|encoding:calls=1,*,rejected_calls=0,failed_calls=0',
      'cmdstat_set:calls=1,*,rejected_calls=0,failed_calls=0',
    ]);
  });

  it('shows errors by their code, in order', () => {
    const engine = engineWith();
    engine.statistics.failedWith('WRONGTYPE x', null, true);
    engine.statistics.failedWith('ERR x', null, true);
    engine.statistics.failedWith('ERR y', null, true);
    expect(infoOf(engine, 'errorstats')).toBe(
      '# Errorstats\r\nerrorstat_ERR:count=2\r\nerrorstat_WRONGTYPE:count=1\r\n',
    );
  });

  it('shows percentiles of what was called, unless it is not tracked', () => {
    const engine = engineWith();
    const get = engine.registry.registered('get')!;
    for (const microseconds of [1, 1, 1, 1000]) engine.statistics.called(get, 1, microseconds);
    engine.run('INCR');
    expect(infoOf(engine, 'latencystats')).toMatch(
      /^# Latencystats\r\nlatency_percentiles_usec_get:p50=0\.853,p99\.9=1046\.\d{3}\r\n$/,
    );
    expect(infoOf(engineWith({ 'latency-tracking': 'no' }), 'latencystats')).toBe(
      '# Latencystats\r\n',
    );
  });
});

describe('INFO cpu', () => {
  it('shows the time of the process and of the thread', () => {
    expect(infoOf(engineWith(), 'cpu')).toBe(
      '# CPU\r\nused_cpu_sys:0.250000\r\nused_cpu_user:1.500000\r\n' +
        'used_cpu_sys_children:0.000000\r\nused_cpu_user_children:0.000000\r\n' +
        'used_cpu_sys_main_thread:0.125000\r\nused_cpu_user_main_thread:1.000000\r\n',
    );
  });
});

describe('INFO keyspace', () => {
  it('shows databases that have keys', () => {
    const engine = engineWith();
    expect(infoOf(engine, 'keyspace')).toBe('# Keyspace\r\n');
    engine.run('SET', 'a', '1');
    engine.client.database = engine.keyspace.databases[3]!;
    for (const [key, seconds] of [
      ['x', 100],
      ['y', 100],
    ] as const)
      engine.run('SET', key, 'v', 'EX', String(seconds));
    engine.run('SET', 'z', 'v');
    expect(infoOf(engine, 'keyspace')).toBe(
      '# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\ndb3:keys=3,expires=2,avg_ttl=100000\r\n',
    );
    engine.sleep(40_000);
    expect(infoOf(engine, 'keyspace')).toContain('avg_ttl=60000');
  });
});

describe('INFO memory', () => {
  it('shows what scripts and functions hold', () => {
    const info = infoOf(engineWith(), 'memory');
    for (const line of [
      'used_memory_lua:5000',
      'used_memory_vm_eval:5000',
      'used_memory_scripts_eval:300',
      'number_of_cached_scripts:3',
      'number_of_functions:4',
      'number_of_libraries:2',
      'used_memory_vm_functions:7000',
      'used_memory_vm_total:12000',
      'used_memory_functions:20',
      'used_memory_scripts:320',
    ]) {
      expect(info).toContain(`\r\n${line}\r\n`);
    }
  });
});

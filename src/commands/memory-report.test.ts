import { describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import type { Command } from './command.ts';
import type { MemoryFigures } from './memory-figures.ts';
import { arenaTable, diagnose, replyStats } from './memory-report.ts';

const MB = 1024 * 1024;

const HEALTHY: MemoryFigures = {
  used: 1000 * MB,
  peak: 1001 * MB,
  startup: 2000,
  overhead: 100 * MB,
  dataset: 900 * MB,
  held: 1050 * MB,
  committed: 1060 * MB,
  resident: 1200 * MB,
  clients: 10_000,
  exceededMs: 0,
  keys: 1000,
  databases: [{ id: 3, indexBytes: 99 * MB, expiryBytes: MB }],
};

describe('diagnose', () => {
  it('has nothing to say about little data, or when all is well', () => {
    expect(diagnose({ ...HEALTHY, used: 1000 }, 1)).toMatch(/too little data/);
    expect(diagnose(HEALTHY, 1)).toBe('No problem was found in the use of memory.\n');
  });

  it.each<[string, Partial<MemoryFigures>]>([
    ['Peak', { peak: 1600 * MB }],
    ['Fragmentation', { held: 1500 * MB, committed: 1500 * MB, resident: 1500 * MB }],
    ['Free pages', { committed: 1300 * MB, resident: 1300 * MB }],
    ['Process', { resident: 1500 * MB }],
    ['Clients', { clients: 3 * 200 * 1024 + 1 }],
    ['Limit', { exceededMs: 1 }],
  ])('finds one problem: %s', (problem, figures) => {
    const text = diagnose({ ...HEALTHY, ...figures }, 3);
    expect([...text.matchAll(/^ \* ([\w ]+):/gm)].map(([, name]) => name)).toEqual([problem]);
  });

  it('finds several', () => {
    const text = diagnose({ ...HEALTHY, peak: 1600 * MB, resident: 1500 * MB }, 3);
    expect(text.match(/^ \* /gm)).toHaveLength(2);
  });

  it('does not speak of a few megabytes', () => {
    const small = { ...HEALTHY, used: 6 * MB, peak: 6 * MB, held: 12 * MB, committed: 20 * MB };
    expect(diagnose({ ...small, resident: 100 * MB }, 1)).toMatch(/^No problem/);
  });
});

describe('replyStats', () => {
  const command: Command = {
    name: 'STATS',
    group: 'server',
    since: '1.0.0',
    summary: '',
    complexity: '',
    arity: 1,
    flags: [],
    run: (_context, _args, reply) => replyStats(reply, HEALTHY),
  };
  const engine = new TestEngine({ commands: [command] });

  it('is a map of numbers', () => {
    engine.client.resp3 = true;
    const text = engine.text('STATS');
    expect(text).toMatch(/^\{"peak\.allocated": \(integer\) \d+, /);
    expect(text).toContain('"keys.bytes-per-key": (integer) 1048574, ');
    expect(text).toContain('"overhead.total": (integer) 104857600, ');
    expect(text).toContain('"peak.percentage": (double) 99.9000999000999, ');
    expect(text).toContain('"fragmentation": (double) 1.2, ');
    expect(text).toContain(
      `"db.3": {"overhead.hashtable.main": (integer) ${99 * MB}, "overhead.hashtable.expires": ` +
        `(integer) ${MB}, "overhead.hashtable.slot-to-keys": (integer) 0}`,
    );
  });
});

describe('arenaTable', () => {
  it('shows what each size class holds', () => {
    const engine = new TestEngine({ databases: 1 });
    const { heap } = engine.keyspace;
    for (let i = 0; i < 10; i++) heap.alloc(1000);
    heap.alloc(20_000);
    heap.free(heap.alloc(30_000));
    heap.alloc(40 * MB);
    const lines = arenaTable(heap).split('\n');
    expect(lines[0]).toBe(`Arena: ${heap.usedBytes} bytes used, ${heap.heldBytes} held`);
    expect(lines).toContain('        1024           1          10        15.6');
    expect(lines.slice(-3)).toEqual([
      'Runs: 1, 20480 bytes',
      `Huge blocks: 1, ${40 * MB} bytes`,
      '',
    ]);
  });
});

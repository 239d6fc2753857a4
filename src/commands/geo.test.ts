import { describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';

const seed = chosenSeed();

function sicily(): TestEngine {
  const engine = new TestEngine();
  engine.run(
    'GEOADD',
    'g',
    '13.361389',
    '38.115556',
    'Palermo',
    '15.087269',
    '37.502669',
    'Catania',
  );
  return engine;
}

describe('GEOADD', () => {
  it('tells of one change, as ZADD does, and of none when nothing changed', () => {
    const engine = new TestEngine();
    const changes = engine.watchChanges();
    const place = ['13.361389', '38.115556', 'Palermo'];
    expect(engine.text('GEOADD', 'g', ...place, '1', '2', 'other')).toBe('(integer) 2');
    expect(changes).toEqual(['new g', 'zadd g']);
    expect(engine.text('GEOADD', 'g', ...place)).toBe('(integer) 0');
    expect(engine.text('GEOADD', 'g', 'NX', '3', '3', 'Palermo')).toBe('(integer) 0');
    expect(engine.text('GEOADD', 'none', 'XX', '3', '3', 'Palermo')).toBe('(integer) 0');
    expect(changes).toEqual(['new g', 'zadd g']);
    expect(engine.text('GEOADD', 'g', 'CH', '3', '3', 'Palermo')).toBe('(integer) 1');
    expect(changes).toEqual(['new g', 'zadd g', 'zadd g']);
  });

  it('changes nothing when one of several places is none', () => {
    const engine = sicily();
    const before = engine.text('GEOPOS', 'g', 'Palermo', 'new');
    expect(engine.text('GEOADD', 'g', '1', '1', 'new', '181', '1', 'Palermo')).toBe(
      '(error) ERR invalid longitude,latitude pair 181.000000,1.000000',
    );
    expect(engine.text('GEOPOS', 'g', 'Palermo', 'new')).toBe(before);
  });

  it('makes a sorted set large that gets more places at once than a packed one may have', () => {
    const engine = new TestEngine();
    const places = Array.from({ length: 129 }, (_, i) => [String(i), '1', `m${i}`]).flat();
    engine.run('GEOADD', 'g', ...places);
    expect(engine.text('OBJECT', 'ENCODING', 'g')).toBe('"skiplist"');
    engine.run('GEOADD', 'h', ...places.slice(0, 128 * 3));
    expect(engine.text('OBJECT', 'ENCODING', 'h')).toBe('"listpack"');
    engine.run('GEOADD', 'h', ...places);
    expect(engine.text('OBJECT', 'ENCODING', 'h')).toBe('"skiplist"');
  });
});

describe('What is read of places', () => {
  it('spells what is a number that RESP3 tells of as one', () => {
    const engine = sicily();
    expect(engine.text('GEOPOS', 'g', 'Palermo', 'x')).toBe(
      '[["13.36138933897018433", "38.11555639549629859"], (nil array)]',
    );
    expect(engine.text('GEODIST', 'g', 'Palermo', 'Catania', 'km')).toBe('"166.2742"');
    engine.run('HELLO', '3');
    expect(engine.text('GEOPOS', 'g', 'Palermo')).toBe(
      '[[(double) 13.36138933897018433, (double) 38.11555639549629859]]',
    );
    expect(engine.text('GEODIST', 'g', 'Palermo', 'Catania', 'km')).toBe('"166.2742"');
  });

  it('gives scores that no double tells of exactly', () => {
    const engine = new TestEngine();
    engine.run('GEOADD', 'g', '180', '85.05112878', 'corner');
    expect(
      engine.text('GEOSEARCH', 'g', 'FROMMEMBER', 'corner', 'BYRADIUS', '1', 'm', 'WITHHASH'),
    ).toBe('[["corner", (integer) 13510798882111488]]');
  });
});

describe('GEOSEARCHSTORE', () => {
  it('tells what was stored, or that the target is gone', () => {
    const engine = sicily();
    const changes = engine.watchChanges();
    const near = ['FROMMEMBER', 'Palermo', 'BYRADIUS', '1', 'km'];
    expect(engine.text('GEOSEARCHSTORE', 'd', 'g', ...near)).toBe('(integer) 1');
    expect(changes.splice(0)).toEqual(['new d', 'geosearchstore d']);
    engine.run('GEORADIUS', 'g', '15', '37', '200', 'km', 'STORE', 'd');
    expect(changes.splice(0)).toEqual(['georadiusstore d']);
    const nowhere = ['FROMLONLAT', '0', '0', 'BYRADIUS', '1', 'km'];
    expect(engine.text('GEOSEARCHSTORE', 'd', 'g', ...nowhere)).toBe('(integer) 0');
    expect(engine.text('GEOSEARCHSTORE', 'd', 'g', ...nowhere)).toBe('(integer) 0');
    expect(changes).toEqual(['del d']);
  });

  it('leaves nothing behind', () => {
    const engine = sicily();
    const { keyspace } = engine;
    const before = keyspace.heap.usedBytes;
    for (const unit of ['m', 'km']) {
      const area = ['FROMMEMBER', 'Palermo', 'BYBOX', '1000', '1000', unit];
      engine.run('GEOSEARCHSTORE', 'd', 'g', ...area, 'STOREDIST');
    }
    engine.run('GEOSEARCHSTORE', 'd', 'g', 'FROMLONLAT', '0', '0', 'BYRADIUS', '1', 'km');
    while (keyspace.hasGarbage) keyspace.freeGarbage();
    checkKeyspace(keyspace);
    expect(keyspace.heap.usedBytes).toBe(before);
  });
});

describe(`GEOSEARCH of many places, SEED=${seed}`, () => {
  it('finds more than it keeps room for, in order', () => {
    const random = new SeededRandom(seed);
    const engine = new TestEngine();
    const count = 6000;
    for (let i = 0; i < count; i += 1000) {
      const places = Array.from({ length: 1000 }, (_, nth) => [
        String((random.fraction() - 0.5) * 360),
        String((random.fraction() - 0.5) * 170),
        `m${i + nth}`,
      ]);
      engine.run('GEOADD', 'g', ...places.flat());
    }
    const area = ['FROMLONLAT', '0', '0', 'BYRADIUS', '30000', 'km'];
    const reply = engine.run('GEOSEARCH', 'g', ...area, 'ASC', 'WITHDIST');
    const found = reply.type === 'array' ? reply.items : [];
    const distances = found.map((item) =>
      item.type === 'array' && item.items[1]?.type === 'bulk' ? Number(item.items[1].bytes) : -1,
    );
    expect(distances).toHaveLength(count);
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    expect(engine.text('GEOSEARCHSTORE', 'd', 'g', ...area)).toBe(`(integer) ${count}`);
    expect(engine.text('ZRANGE', 'd', '0', '-1')).toBe(engine.text('ZRANGE', 'g', '0', '-1'));
  });
});

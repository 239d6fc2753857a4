/** INFO keyspace: the databases that have keys. */
import type { Database } from '../../keyspace/database.ts';
import type { Entry } from '../../keyspace/entry.ts';
import type { Field, Section } from './section.ts';

/** Keys that expire and are asked how long they still live. */
const SAMPLES = 100;
/** Keys that are looked at to find those. */
const TRIES_MAX = 1000;

export const keyspace: Section = {
  title: 'Keyspace',
  isDefault: true,
  fields({ keyspace: { databases } }) {
    return databases.filter((database) => database.size() > 0).map(databaseField);
  },
};

function databaseField(database: Database): Field {
  const keys = database.size();
  const expires = database.expiringSize();
  const averageTtl = expires === 0 ? 0 : averageTtlMs(database);
  return [`db${database.id}`, `keys=${keys},expires=${expires},avg_ttl=${averageTtl}`];
}

/** Average over a sample of the keys that expire, in ms; 0 when they are too few to be found. */
export function averageTtlMs(database: Database): number {
  const { entries, root } = database;
  const { nowMs, table } = database.keyspace;
  let sum = 0;
  let found = 0;
  for (let tries = 0; tries < TRIES_MAX && found < SAMPLES; tries++) {
    const entry = table.randomRecord(root, Math.random) as Entry;
    if (!entries.expires(entry)) continue;
    sum += Math.max(0, Number(database.expiryMs(entry)) - nowMs);
    found++;
  }
  return found === 0 ? 0 : Math.round(sum / found);
}

/**
 * Snapshots of random values are damaged, given a checksum that is right, and loaded: each is
 * refused, or loads into a sound keyspace.
 */
import { TestEngine } from '../../test/support/engine.ts';
import { MemoryFiles } from '../../test/support/memory-files.ts';
import { SNAPSHOT_SETTINGS } from '../../test/support/memory-snapshots.ts';
import { randomValue, VALUE_KINDS } from '../../test/support/random-values.ts';
import { sealFile } from '../../test/support/rdb-bytes.ts';
import { fuzzStructure } from '../../test/support/structure-fuzz.ts';
import { Keyspace } from '../keyspace/keyspace.ts';
import { checkKeyspace } from '../keyspace/keyspace-check.ts';
import { KeyspaceReader } from './keyspace-reader.ts';
import { RdbError } from './rdb-error.ts';
import { RdbReader } from './rdb-reader.ts';
import { saveSnapshot } from './snapshot-file.ts';
import { runSteps } from './steps.ts';

const DAMAGED_PER_FILE = 20;
const READING = { checks: false, isDeep: false, dropsExpired: true, replaces: false };
const FACTS = { aux: [['redis-ver', '7.2.4']], libraries: [], use: 'none' } as const;

const engine = new TestEngine();
const target = new Keyspace(16, engine.keyspace.nowMs);

fuzzStructure('snapshot-file', (random) => {
  engine.run('FLUSHALL');
  for (const kind of VALUE_KINDS) {
    for (const line of randomValue(random, kind, kind)) engine.run(...line);
    if (random.fraction() < 0.5) engine.run('EXPIRE', kind, '1000');
  }
  const files = new MemoryFiles();
  saveSnapshot(files, 'dir', 'dump.rdb', engine.keyspace, SNAPSHOT_SETTINGS.writing, FACTS);
  const whole = files.files.get('dir/dump.rdb')!.subarray(0, -8);
  for (let i = 0; i < DAMAGED_PER_FILE; i++) {
    const damaged = Buffer.from(whole);
    for (let changes = random.integer(1, 3); changes > 0; changes--) {
      const at = random.integer(0, whole.length - 1);
      if (random.fraction() < 0.5) damaged[at]! ^= 1 << random.integer(0, 7);
      else damaged[at] = random.integer(0, 255);
    }
    load(sealFile(damaged));
  }
});

function load(file: Buffer): void {
  for (const database of target.databases) database.flush();
  while (target.hasGarbage) target.freeGarbage();
  const reader = RdbReader.ofBytes(file, 0, file.length);
  try {
    runSteps(new KeyspaceReader(target, READING).read(reader));
  } catch (problem) {
    if (!(problem instanceof RdbError)) throw problem;
  }
  checkKeyspace(target);
}

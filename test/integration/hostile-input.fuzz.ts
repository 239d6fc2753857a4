// Broken and malicious clients against a running server, while an honest one works with it.
// Run: npm run test:hostile   (SEED=n for the same inputs again, -- --inputs 5000 for so many)

import { parseArgs } from 'node:util';
import {
  describeReport,
  HOSTILE_FLAGS,
  RESIDENT_GROWTH_MAX,
  runHostileClients,
} from '../support/hostile-run.ts';
import { chosenSeed } from '../support/seeded-random.ts';
import { startRedstart } from '../support/server.ts';

const INPUTS_DEFAULT = 100_000;

const { values } = parseArgs({ options: { inputs: { type: 'string' } } });
const seed = chosenSeed();
console.log(`hostile input: SEED=${seed}`);
const server = await startRedstart(HOSTILE_FLAGS);
try {
  const report = await runHostileClients(server, seed, Number(values.inputs ?? INPUTS_DEFAULT));
  console.log(describeReport(report));
  const { residentBytes, usedMemory } = report;
  if (residentBytes.peak > residentBytes.before + RESIDENT_GROWTH_MAX) {
    throw new Error('the server holds more than it may');
  }
  if (usedMemory.after !== usedMemory.before) throw new Error('memory of gone keys is still used');
} finally {
  await server.stop();
}

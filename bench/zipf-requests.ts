/**
 * GETs and SETs over skewed keys, as bytes, built before anything is measured and used for both
 * servers.
 */
import { type Batch, CommandTemplate, INDEX } from './requests.ts';
import { scatter, seededRandom, ZipfRanks } from './zipf.ts';

export interface ZipfMix {
  readonly seed: number;
  /** Keys key:000000000000 and on that the requests are spread over. */
  readonly keys: number;
  readonly exponent: number;
  readonly valueBytes: number;
  /** Share of SETs, 0 to 1; the others are GETs. */
  readonly writes: number;
}

/** `commands` requests, `perBatch` to a batch; the same seed gives the same bytes. */
export function zipfBatches(mix: ZipfMix, commands: number, perBatch: number): Batch[] {
  const random = seededRandom(mix.seed);
  const ranks = new ZipfRanks(mix.keys, mix.exponent, random);
  const keyOfRank = scatter(mix.keys);
  const get = new CommandTemplate(['GET', `key:${INDEX}`]);
  const set = new CommandTemplate(['SET', `key:${INDEX}`, 'x'.repeat(mix.valueBytes)]);

  const batches: Batch[] = [];
  for (let built = 0; built < commands; built += perBatch) {
    const count = Math.min(perBatch, commands - built);
    const chosen = Array.from({ length: count }, () => (random() < mix.writes ? set : get));
    const bytes = Buffer.allocUnsafe(chosen.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const template of chosen) {
      template.write(bytes, end, keyOfRank(ranks.next()));
      end += template.length;
    }
    batches.push({ bytes, commands: count });
  }
  return batches;
}

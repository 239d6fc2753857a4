/** Child process that sends a paced load until it is told to stop, and hands over all samples. */
import { PacedLoad, type PacedSamples } from './paced-load.ts';
import { CommandTemplate, INDEX } from './requests.ts';

export interface PacedOrder {
  readonly port: number;
  readonly connections: number;
  readonly perSecond: number;
  /** Keys key:000000000000 and on: half of the commands get one, half set it. */
  readonly keys: number;
  readonly valueBytes: number;
}

/** Sent when all samples are in. */
export type PacedReport = PacedSamples;

const { port, connections, perSecond, keys, valueBytes } = JSON.parse(
  process.argv[2]!,
) as PacedOrder;
const value = 'y'.repeat(valueBytes);
const templates = [
  new CommandTemplate(['GET', `key:${INDEX}`]),
  new CommandTemplate(['SET', `key:${INDEX}`, value]),
];
/** Which comes next is up to a generator of its own, so that every run sends the same. */
let state = 1;

function nextCommand(target: Buffer, at: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const template = templates[(state >>> 16) & 1]!;
  template.write(target, at, Math.floor((state / 2 ** 32) * keys));
  return template.length;
}

const load = new PacedLoad(nextCommand, { port, connections, perSecond });
load.start();

process.once('message', async () => {
  const report: PacedReport = await load.stop();
  process.send!(report, () => process.disconnect());
});

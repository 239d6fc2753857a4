/** Child process that loads numbered keys into a server and tells how far it is. */
import { runCommand } from './command-line.ts';
import { nowMs } from './latency-probe.ts';
import { runLoad } from './load.ts';
import { INDEX, templateBatches } from './requests.ts';

export interface LoadOrder {
  readonly port: number;
  readonly keys: number;
  readonly valueBytes: number;
}

/** Sent ten times a second and at the end: how many keys were loaded at that moment. */
export interface LoadReport {
  readonly atMs: number;
  readonly keys: number;
}

/**
 * At most 4 x 64 commands wait in the server's sockets at a time, a quarter of a millisecond of
 * work. More would make the server look slow to others for no other reason than a full input
 * buffer.
 */
const CONNECTIONS = 4;
const PIPELINE = 64;
const REPORT_EVERY_MS = 100;

const { port, keys, valueBytes } = JSON.parse(process.argv[2]!) as LoadOrder;
const command = ['SET', `key:${INDEX}`, 'x'.repeat(valueBytes)];
let reportedAt = 0;

function report(loaded: number): void {
  const atMs = nowMs();
  if (atMs - reportedAt < REPORT_EVERY_MS && loaded < keys) return;
  reportedAt = atMs;
  process.send!({ atMs, keys: loaded } satisfies LoadReport);
}

runCommand(async () => {
  await runLoad(templateBatches(command, { from: 0, to: keys }, PIPELINE), {
    port,
    connections: CONNECTIONS,
    onProgress: report,
  });
  process.disconnect();
});

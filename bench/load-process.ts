/** Child process that sends one command many times, numbered, and tells how far it is. */
import { runCommand } from './command-line.ts';
import { nowMs } from './latency-probe.ts';
import { runLoad } from './load.ts';
import { templateBatches } from './requests.ts';

export interface LoadOrder {
  readonly port: number;
  /** Sent `count` times with INDEX running from 0 to count - 1. */
  readonly command: readonly string[];
  readonly count: number;
}

/** Sent ten times a second and at the end: how many were answered at that moment. */
export interface LoadReport {
  readonly atMs: number;
  readonly done: number;
}

/**
 * At most 4 x 64 commands wait in the server's sockets at a time, a quarter of a millisecond of
 * work. More would make the server look slow to others for no other reason than a full input
 * buffer.
 */
const CONNECTIONS = 4;
const PIPELINE = 64;
const REPORT_EVERY_MS = 100;

const { port, command, count } = JSON.parse(process.argv[2]!) as LoadOrder;
let reportedAt = 0;

function report(done: number): void {
  const atMs = nowMs();
  if (atMs - reportedAt < REPORT_EVERY_MS && done < count) return;
  reportedAt = atMs;
  process.send!({ atMs, done } satisfies LoadReport);
}

runCommand(async () => {
  await runLoad(templateBatches(command, { from: 0, to: count }, PIPELINE), {
    port,
    connections: CONNECTIONS,
    onProgress: report,
  });
  process.disconnect();
});

/**
 * Child process that watches the latency of several servers until told to stop, and then hands over
 * all samples. One process watches all of them from the same timer: when it is itself kept from
 * running, every server seems late at once, and that tells the machine's pauses from a server's.
 */
import { openSync, readSync } from 'node:fs';
import { parseSchedstat } from './cpu.ts';
import { LatencyProbe, type Sample } from './latency-probe.ts';
import { encodeCommand } from './requests.ts';

export interface Watched {
  readonly port: number;
  readonly pid: number;
}

/** Sent when all samples are in: one list per server, in the order the servers were named. */
export interface ProbeReport {
  readonly samples: readonly (readonly Sample[])[];
}

const watched = JSON.parse(process.argv[2]!) as Watched[];
const probes = watched.map(
  ({ port, pid }) => new LatencyProbe(port, encodeCommand(['PING']), starvationReader(pid)),
);
for (const probe of probes) probe.start();

process.once('message', async () => {
  const samples = await Promise.all(probes.map((probe) => probe.stop()));
  process.send!({ samples } satisfies ProbeReport, () => process.disconnect());
});

/** Milliseconds that the main thread of a process has waited for a CPU; the file is kept open. */
function starvationReader(pid: number): () => number {
  const file = openSync(`/proc/${pid}/task/${pid}/schedstat`, 'r');
  const bytes = Buffer.alloc(96);
  return () => {
    const length = readSync(file, bytes, 0, bytes.length, 0);
    return parseSchedstat(bytes.toString('latin1', 0, length)).waitedNanos / 1e6;
  };
}

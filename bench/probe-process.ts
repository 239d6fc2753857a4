/**
 * Child process that watches the latency of a server and of an idle one beside it until told to
 * stop, and then hands over all samples. One process watches both: when it is itself kept from
 * running, both seem late at once.
 */
import { openSync, readdirSync, readSync } from 'node:fs';
import { parseCpu, parseSchedstat } from './cpu.ts';
import { makeRealTime, PROBER_PRIORITY } from './cpu-watch.ts';
import { LatencyProbe, type Sample, type ThreadState } from './latency-probe.ts';
import { encodeCommand } from './requests.ts';

export interface Watched {
  readonly port: number;
  readonly pid: number;
}

/** Sent when all samples are in. */
export interface ProbeReport {
  readonly subject: readonly Sample[];
  readonly control: readonly Sample[];
  /** Why this process had no real-time priority; undefined when it had. */
  readonly refusal: string | undefined;
}

const [subject, control] = JSON.parse(process.argv[2]!) as [Watched, Watched];
const ping = encodeCommand(['PING']);
const probes = [
  new LatencyProbe(subject.port, ping, threadReader(subject.pid)),
  new LatencyProbe(control.port, ping),
];
// Else answers wait until this process has a CPU, and that looks as if they came late.
const refusal = makeRealTime(process.pid, PROBER_PRIORITY);
for (const probe of probes) probe.start();

process.once('message', async () => {
  const [ofSubject, ofControl] = await Promise.all(probes.map((probe) => probe.stop()));
  const report = { subject: ofSubject!, control: ofControl!, refusal } satisfies ProbeReport;
  process.send!(report, () => process.disconnect());
});

/** Looks at the threads that a process has now; the files are kept open. */
function threadReader(pid: number): () => ThreadState {
  const folder = `/proc/${pid}/task`;
  const open = (thread: string, file: string) => openSync(`${folder}/${thread}/${file}`, 'r');
  const main = String(pid);
  const [status, scheduling] = [open(main, 'stat'), open(main, 'schedstat')];
  const helpers = readdirSync(folder)
    .filter((thread) => thread !== main)
    .map((thread) => open(thread, 'schedstat'));
  const bytes = Buffer.alloc(1024);
  const read = (file: number) => bytes.toString('latin1', 0, readSync(file, bytes, 0, 1024, 0));
  return () => {
    const { ranNanos, waitedNanos } = parseSchedstat(read(scheduling));
    let helpersNanos = 0;
    for (const helper of helpers) helpersNanos += parseSchedstat(read(helper)).ranNanos;
    return {
      cpu: parseCpu(read(status)),
      ranMs: ranNanos / 1e6,
      waitedMs: waitedNanos / 1e6,
      helpersRanMs: helpersNanos / 1e6,
    };
  };
}

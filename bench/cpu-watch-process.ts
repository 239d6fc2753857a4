/** Child process that sits on one CPU with real-time priority and notes when it is woken late. */
import { type Absence, makeRealTime, WATCHER_PRIORITY, type WatcherReport } from './cpu-watch.ts';
import { nowMs } from './latency-probe.ts';

const WAKE_EVERY_MS = 1;
/** A waking later than this is an absence of the CPU. */
const LATE_MS = 2;
/** After so many wakings the event loop has a turn, in which the order to stop is heard. */
const WAKINGS_PER_TURN = 100;
/** Turns until the loop below is compiled. */
const WARM_UP_TURNS = 3;

const cpu = Number(process.argv[2]);
const absences: Absence[] = [];
const never = new Int32Array(new SharedArrayBuffer(4));
let isStopped = false;
let lastMs = 0;

function watchForOneTurn(): void {
  for (let i = 0; i < WAKINGS_PER_TURN; i++) {
    Atomics.wait(never, 0, 0, WAKE_EVERY_MS);
    const now = nowMs();
    const dueMs = lastMs + WAKE_EVERY_MS;
    if (now - dueMs > LATE_MS) absences.push({ cpu, fromMs: dueMs, toMs: now });
    lastMs = now;
  }
}

function turn(): void {
  if (isStopped) {
    process.send!({ absences } satisfies WatcherReport, () => process.disconnect());
    return;
  }
  watchForOneTurn();
  setImmediate(turn);
}

process.once('message', () => {
  isStopped = true;
});
const refusal = makeRealTime(process.pid, WATCHER_PRIORITY, cpu);
if (refusal === undefined) {
  lastMs = nowMs();
  for (let i = 0; i < WARM_UP_TURNS; i++) watchForOneTurn();
  absences.length = 0;
  setImmediate(turn);
}
process.send!({ refusal: refusal ?? null } satisfies WatcherReport);

/**
 * Gives the memory of an ArrayBuffer back to the system without waiting for the collector, and
 * without waiting for the system: unmapping 64 MiB takes 8 to 25 ms, a value of 512 MiB as many
 * tenths of a second. So another thread does it. Started when first needed, it takes some 7 MB and
 * does nothing else.
 *
 * Rejected: leaving it to the collector, which looks at the JavaScript heap and may not run for
 * hours.
 */
import type { Worker } from 'node:worker_threads';

/**
 * What a message carries to a port whose other end is closed is freed at once. Node 20 has no
 * `transfer`.
 */
const SWEEPER = `
const { parentPort } = require('node:worker_threads');
const { port1, port2 } = new MessageChannel();
port2.close();
parentPort.on('message', (memory) => port1.postMessage(null, [memory]));
`;

let sweeper: Worker | null = null;
let isBroken = false;

/** Detaches a buffer and has its memory unmapped soon. */
export function discard(memory: ArrayBuffer): void {
  if (isBroken) {
    discardHere(memory);
    return;
  }
  sweeper ??= startSweeper();
  sweeper.postMessage(memory, [memory]);
}

function startSweeper(): Worker {
  // Loaded here and not imported: it takes part of the start that most never make use of.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(SWEEPER, {
    eval: true,
    name: 'sweeper',
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  worker.unref();
  // Where there can be no second thread, this one has to wait.
  worker.on('error', () => {
    isBroken = true;
  });
  return worker;
}

function discardHere(memory: ArrayBuffer): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(null, [memory]);
}

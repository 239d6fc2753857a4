/** A bar on a terminal that shows how far the loading of data is. */
import { createRequire } from 'node:module';
import type { LoadingProgress } from '../persistence/snapshots.ts';

const require = createRequire(import.meta.url);

/** What is loaded sooner needs no bar. */
const SHOWN_AFTER_MS = 500;

/** A bar on standard error; null when that is no terminal. */
export function loadingBar(): LoadingProgress | null {
  if (!process.stderr.isTTY) return null;
  // Loaded here and not imported, so that only those pay for it who see it.
  const { SingleBar } = require('cli-progress') as typeof import('cli-progress');
  const bar = new SingleBar({
    stream: process.stderr,
    format: 'Loading {bar} {percentage}% | {keys} keys | {eta_formatted} left',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
  });
  const startMs = performance.now();
  return {
    advanced(loadedBytes, totalBytes, keys) {
      if (bar.isActive) bar.update(loadedBytes, { keys });
      else if (performance.now() - startMs > SHOWN_AFTER_MS)
        bar.start(totalBytes, loadedBytes, { keys });
    },
    ended: () => bar.stop(),
  };
}

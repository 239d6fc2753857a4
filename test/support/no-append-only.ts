/** For engines without an append-only file: what commands are told of it. */
import type { AppendOnly } from '../../src/commands/services/append-only.ts';

export const NO_APPEND_ONLY: AppendOnly = {
  isEnabled: false,
  isRewriting: false,
  isRewriteScheduled: false,
  lastRewriteSeconds: -1,
  currentRewriteSeconds: -1,
  lastRewriteFailed: false,
  rewrites: 0,
  consecutiveFailures: 0,
  lastPeakBytes: 0,
  lastWriteFailed: false,
  sizes: null,
  rewrite: () => {
    throw new Error('this test has no append-only file to rewrite');
  },
  waitForSync: () => false,
  isSynced: () => false,
};

import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

/**
 * A vitest reporter that writes one line, `N passed, N failed, N skipped`, to the file named by the
 * environment variable TALLY. Skipped is what says so itself: a test that did not run because the
 * setup of its suite failed has failed, and so has a file that does not load or leaves an error.
 */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const path = process.env.TALLY;
    if (path === undefined) throw new Error('TALLY names no file to write to');
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) count(module, false, tally);
    writeFileSync(
      path,
      `${Object.entries(tally)
        .map(([state, tests]) => `${tests} ${state}`)
        .join(', ')}\n`,
    );
  }
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

function count(suite: TestModule | TestSuite, isWithinBroken: boolean, tally: Tally): void {
  const isBroken = isWithinBroken || suite.errors().length > 0;
  const failedBefore = tally.failed;
  for (const child of suite.children) {
    if (child.type === 'suite') {
      count(child, isBroken, tally);
      continue;
    }
    const { state } = child.result();
    if (state === 'passed') tally.passed++;
    else if (state === 'skipped' && !isBroken) tally.skipped++;
    else tally.failed++;
  }
  if (suite.errors().length > 0 && tally.failed === failedBefore) tally.failed++;
}

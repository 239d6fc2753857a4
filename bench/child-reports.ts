/** What child processes that hold many clients tell the benchmark that has forked them. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Waits for the next report of a child, which must be this one; throws when the child ends. */
export async function reportOf<Report extends string>(
  child: ChildProcess,
  expected: Report,
): Promise<void> {
  const ended = new AbortController();
  const lost = once(child, 'exit', { signal: ended.signal }).then(
    () => Promise.reject(new Error('the clients were lost')),
    () => undefined,
  );
  const [report] = (await Promise.race([once(child, 'message'), lost])) as [Report];
  ended.abort();
  if (report !== expected) throw new Error(`the clients said ${report}, not ${expected}`);
}

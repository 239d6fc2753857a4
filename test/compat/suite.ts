import { afterAll, beforeAll, describe, it } from 'vitest';
import type { RunningServer } from '../support/server.ts';
import { loadScript, readRecording, recordedSteps, scriptNames } from './recording.ts';
import { compareCase, missingCommands } from './run-case.ts';
import type { Dialect, Script } from './script.ts';

type Start = (flags: readonly string[]) => Promise<RunningServer>;

/** Declares one test per script, protocol and case that compares a server with the recordings. */
export async function compareAllScripts(start: Start, dialect: Dialect): Promise<void> {
  for (const name of scriptNames()) {
    const script = await loadScript(name);
    describe(name, () => compareScript(name, script, start, dialect));
  }
}

function compareScript(name: string, script: Script, start: Start, dialect: Dialect): void {
  const recording = readRecording(name);
  let server: RunningServer | null = null;
  beforeAll(async () => {
    server = await start(script.flags);
  });
  afterAll(() => server?.stop());

  it('has no case that the script does not have', () => {
    const names = new Set(script.cases.map((each) => each.name));
    const extra = [...recording.cases.keys()].filter((each) => !names.has(each));
    if (extra.length > 0) throw new Error(`recorded, but not in the script: ${extra.join(', ')}`);
  });
  describe.each([2, 3] as const)('RESP%i', (protocol) => {
    for (const each of script.cases)
      it(each.name, async (context) => {
        const recorded = recordedSteps(recording, each);
        server ??= await start(script.flags);
        const target = { port: server.port, dialect };
        const missing = await missingCommands(each, target);
        if (missing.length > 0) return context.skip(`needs ${missing.join(', ')}`);
        const report = await compareCase(each, recorded, target, protocol);
        if (report === null) return;
        // A failed case may have left the server in a state that would fail the next ones as well.
        const failed = server;
        server = null;
        await failed.stop();
        throw new Error(report);
      });
  });
}

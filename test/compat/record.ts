/**
 * Records what the real server answers: `npm run compat:record` for all scripts, `npm run
 * compat:record -- strings` for some. A script of which a step got no reply, or has an outdated 7.2
 * mark, is reported and not written.
 */
import { startRedis } from '../support/server.ts';
import type { Target } from './conversation.ts';
import { askCommands, askConfig, writeMetadata } from './metadata-recording.ts';
import {
  labelOf,
  loadScript,
  type RecordedStep,
  recordingFault,
  scriptNames,
  writeRecording,
} from './recording.ts';
import { installedRedis } from './redis-version.ts';
import { recordCase } from './run-case.ts';
import type { Case } from './script.ts';

const redis = installedRedis();
if (redis?.dialect !== '7.0') {
  throw new Error(`recording needs redis-server 7.0, found ${redis?.version ?? 'none'}`);
}
await recordMetadata();
const chosen = process.argv.slice(2);
let faults = 0;
for (const name of chosen.length > 0 ? chosen : scriptNames()) {
  faults += await recordScript(name, redis.version);
}
process.exitCode = faults === 0 ? 0 : 1;

async function recordMetadata(): Promise<void> {
  const server = await startRedis();
  try {
    writeMetadata(await askCommands(server.port, 2), await askConfig(server.port));
  } finally {
    await server.stop();
  }
}

async function recordScript(name: string, version: string): Promise<number> {
  const script = await loadScript(name);
  const server = await startRedis(script.flags);
  const target = { port: server.port, dialect: '7.0' } as const;
  const cases = new Map<string, readonly RecordedStep[]>();
  const found: string[] = [];
  try {
    for (const each of script.cases) {
      const steps = await recordBoth(each, target);
      cases.set(each.name, steps);
      each.steps.forEach((step, i) => {
        const fault = recordingFault(step, steps[i]!);
        if (fault !== null) found.push(`${name}, ${each.name}: ${steps[i]!.label}: ${fault}`);
      });
    }
  } finally {
    await server.stop();
  }
  if (found.length === 0) writeRecording(name, { server: version, cases });
  console.log(found.length === 0 ? `${name}: ${cases.size} cases recorded` : found.join('\n'));
  return found.length;
}

async function recordBoth(each: Case, target: Target): Promise<RecordedStep[]> {
  const resp2 = await recordCase(each, target, 2);
  const resp3 = await recordCase(each, target, 3);
  return each.steps.map((step, i) => {
    return { label: labelOf(step), resp2: resp2[i] ?? null, resp3: resp3[i] ?? null };
  });
}

import { RespClient } from '../support/resp-client.ts';
import { Conversation, type Target } from './conversation.ts';
import { type Encoded, encodeReply, isArray, isFailure, textOf, toJson } from './encoded.ts';
import { expectedOutcome, labelOf, type RecordedStep } from './recording.ts';
import type { Case, Protocol, Step } from './script.ts';

/** Runs a case from a clean state; the outcomes of its steps, up to one that got no reply. */
export async function recordCase(
  { steps }: Case,
  target: Target,
  protocol: Protocol,
): Promise<(Encoded | null)[]> {
  return runSteps(steps, target, protocol, () => null);
}

/** Runs a case and compares; answers a report of every difference, or null when there is none. */
export async function compareCase(
  { steps }: Case,
  recorded: readonly RecordedStep[],
  target: Target,
  protocol: Protocol,
): Promise<string | null> {
  const expected = steps.map((step, i) =>
    expectedOutcome(step, recorded[i]!, protocol, target.dialect),
  );
  const actual = await runSteps(steps, target, protocol, (i) => expected[i]!);
  const differences = steps.slice(0, actual.length).flatMap((step, i) => {
    if (isEqual(step, expected[i]!, actual[i]!)) return [];
    return [describeDifference(step, i, expected[i]!, actual[i]!)];
  });
  if (differences.length === 0) return null;
  const head = `RESP${protocol}: ${differences.length} of ${steps.length} steps differ`;
  const unrun = steps.length - actual.length;
  const tail = unrun === 0 ? [] : [`  the ${unrun} steps after that were not run`];
  return [head, ...differences, ...tail].join('\n');
}

/** Names those of a case's needed commands that a server does not have. */
export async function missingCommands({ needs }: Case, target: Target): Promise<string[]> {
  if (needs.length === 0) return [];
  const admin = await RespClient.connect(target.port);
  const info = encodeReply(await admin.call('COMMAND', 'INFO', ...needs));
  await admin.close();
  if (!isArray(info)) throw new Error(`COMMAND INFO answered ${toJson(info)}`);
  return needs.filter((_, i) => info[i] === 'nil*' || info[i] === 'nil$');
}

async function runSteps(
  steps: readonly Step[],
  target: Target,
  protocol: Protocol,
  expected: (step: number) => Encoded | null,
): Promise<(Encoded | null)[]> {
  const configBefore = await administer(target, async (admin) => {
    await succeed(admin, 'FLUSHALL');
    return readConfig(admin);
  });
  const conversation = new Conversation(target, protocol);
  const outcomes: (Encoded | null)[] = [];
  try {
    for (const [i, step] of steps.entries()) {
      const outcome = await conversation.run(step, expected(i));
      outcomes.push(outcome);
      // Without a reply the rest would only wait for replies that belong to other steps.
      if (outcome !== null && isFailure(outcome)) break;
    }
  } finally {
    await conversation.end();
    await administer(target, (admin) => restoreConfig(admin, configBefore));
  }
  return outcomes;
}

function isEqual(step: Step, expected: Encoded | null, actual: Encoded | null): boolean {
  if (expected === null || actual === null) return expected === actual;
  if (step.covers && isArray(expected) && isArray(actual)) {
    return missingElements(expected, actual).length === 0;
  }
  return toJson(expected) === toJson(actual);
}

function missingElements(expected: readonly Encoded[], actual: readonly Encoded[]): Encoded[] {
  const given = new Set(actual.map(toJson));
  return expected.filter((element) => !given.has(toJson(element)));
}

function describeDifference(
  step: Step,
  index: number,
  expected: Encoded | null,
  actual: Encoded | null,
): string {
  const show = (outcome: Encoded | null) => (outcome === null ? '(nothing)' : toJson(outcome));
  if (step.covers && expected !== null && actual !== null && isArray(expected) && isArray(actual)) {
    const missing = missingElements(expected, actual);
    return `  step ${index + 1}: ${labelOf(step)}\n    lacks ${show(missing)}`;
  }
  const why = step.in72 === undefined ? '' : `\n    in 7.2  ${step.in72.why}`;
  return [
    `  step ${index + 1}: ${labelOf(step)}`,
    `    expected ${show(expected)}`,
    `    received ${show(actual)}${why}`,
  ].join('\n');
}

/** Runs something on a connection of its own that the server has forgotten again afterwards. */
async function administer<T>(target: Target, task: (admin: RespClient) => Promise<T>): Promise<T> {
  const admin = await RespClient.connect(target.port);
  try {
    return await task(admin);
  } finally {
    admin.send(['QUIT']);
    await admin.untilClosed(1_000);
    await admin.close();
  }
}

async function succeed(admin: RespClient, ...command: string[]): Promise<Encoded> {
  const reply = encodeReply(await admin.call(...command));
  if (typeof reply === 'string' && reply.startsWith('-')) {
    throw new Error(`${command.join(' ')} answered ${reply}`);
  }
  return reply;
}

type Config = ReadonlyMap<string, string>;

async function readConfig(admin: RespClient): Promise<Config> {
  const reply = await succeed(admin, 'CONFIG', 'GET', '*');
  if (!isArray(reply)) throw new Error(`CONFIG GET * answered ${toJson(reply)}`);
  const texts = reply.map(textOf);
  const config = new Map<string, string>();
  for (let i = 0; i < texts.length; i += 2) config.set(texts[i]!, texts[i + 1]!);
  return config;
}

/** Sets back what the case has changed, except a password: that a case has to take back itself. */
async function restoreConfig(admin: RespClient, before: Config): Promise<void> {
  const after = await readConfig(admin);
  for (const [name, value] of before) {
    if (after.get(name) !== value) await succeed(admin, 'CONFIG', 'SET', name, value);
  }
}

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Arg, toBytes } from '../support/resp-client.ts';
import { abbreviate, type Encoded, isFailure, toJson } from './encoded.ts';
import type { Case, Dialect, Protocol, Script, Step } from './script.ts';

/** What the real server answered to one step; null where a step has no outcome. */
export type RecordedStep = {
  readonly label: string;
  readonly resp2: Encoded | null;
  readonly resp3: Encoded | null;
};

/** What the real server answered to a whole script, by the names of its cases. */
export type Recording = {
  readonly server: string;
  readonly cases: ReadonlyMap<string, readonly RecordedStep[]>;
};

const SCRIPTS = new URL('./scripts/', import.meta.url);
const RECORDINGS = new URL('./recordings/', import.meta.url);
const SHOWN_ARG_LENGTH_MAX = 80;
const SHOWN_STEP_LENGTH_MAX = 240;

/** The names of all script files, without extension. */
export function scriptNames(): string[] {
  return readdirSync(SCRIPTS)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

/** Loads the script of a name; throws if the file does not export `script`. */
export async function loadScript(name: string): Promise<Script> {
  const module: { script?: Script } = await import(new URL(`${name}.ts`, SCRIPTS).href);
  if (module.script === undefined) throw new Error(`scripts/${name}.ts does not export "script"`);
  return module.script;
}

/** The path of a file in recordings/. */
export function recordingPath(name: string): string {
  return fileURLToPath(new URL(`${name}.json`, RECORDINGS));
}

/** Reads the recording of a script; throws if there is none. */
export function readRecording(name: string): Recording {
  const path = recordingPath(name);
  if (!existsSync(path)) throw new Error(`no recording of ${name}: ${RECORD_HINT}`);
  const { server, cases }: { server: string; cases: { [name: string]: Encoded[][] } } = JSON.parse(
    readFileSync(path, 'utf8'),
  );
  const parsed = Object.entries(cases).map(([caseName, lines]) => {
    const steps = lines.map(([label, resp2 = null, resp3 = resp2]) => {
      return { label: String(label), resp2, resp3 };
    });
    return [caseName, steps] as const;
  });
  return { server, cases: new Map(parsed) };
}

/**
 * Writes a recording, one step a line, the RESP3 reply only where it differs from the RESP2 one.
 */
export function writeRecording(name: string, recording: Recording): void {
  const cases = [...recording.cases].map(([caseName, steps]) => {
    const lines = steps.map((step) => `      ${recordedLine(step)}`);
    return `    ${JSON.stringify(caseName)}: [\n${lines.join(',\n')}\n    ]`;
  });
  const head = `{\n  "server": "${recording.server}",\n  "cases": {\n`;
  writeFileSync(recordingPath(name), `${head}${cases.join(',\n')}\n  }\n}\n`);
}

function recordedLine({ label, resp2, resp3 }: RecordedStep): string {
  const replies = [resp2, resp3].flatMap((reply) => (reply === null ? [] : [reply]));
  if (replies.length === 2 && toJson(replies[0]!) === toJson(replies[1]!)) replies.pop();
  return toJson([label, ...replies]);
}

/** The recorded steps of a case; throws if they are not those of the script. */
export function recordedSteps(
  recording: Recording,
  { name, steps }: Case,
): readonly RecordedStep[] {
  const recorded = recording.cases.get(name) ?? [];
  const differs = steps.findIndex((step, i) => recorded[i]?.label !== labelOf(step));
  if (differs >= 0 || recorded.length !== steps.length) {
    throw new Error(`the recording of "${name}" is not of this script: ${RECORD_HINT}`);
  }
  return recorded;
}

const RECORD_HINT = 'run "npm run compat:record" on a machine with redis-server 7.0';

/** What a server of this dialect has to answer to a step; null where a step has no outcome. */
export function expectedOutcome(
  step: Step,
  recorded: RecordedStep,
  protocol: Protocol,
  dialect: Dialect,
): Encoded | null {
  const mark = protocol === 2 ? 'resp2' : 'resp3';
  return dialect === '7.2' && step.in72 !== undefined ? step.in72[mark] : recorded[mark];
}

/** Why what the real server answered must not be recorded; null if it may. */
export function recordingFault(step: Step, recorded: RecordedStep): string | null {
  for (const mark of ['resp2', 'resp3'] as const) {
    const reply = recorded[mark];
    if (reply !== null && isFailure(reply)) return toJson(reply);
  }
  const { in72 } = step;
  if (in72 === undefined || recorded.resp2 === null || recorded.resp3 === null) return null;
  const same =
    toJson(recorded.resp2) === toJson(in72.resp2) && toJson(recorded.resp3) === toJson(in72.resp3);
  return same ? 'marked as different in 7.2, but the replies are equal' : null;
}

/** A step as one line for people, which also tells whether a recording still fits its script. */
export function labelOf(step: Step): string {
  return abbreviate(fullLabelOf(step), SHOWN_STEP_LENGTH_MAX);
}

function fullLabelOf({ action, connection }: Step): string {
  const prefix = connection === 'main' ? '' : `${connection}> `;
  switch (action.kind) {
    case 'call':
      return prefix + action.args.map(showArg).join(' ');
    case 'send':
      return `${prefix}${action.args.map(showArg).join(' ')} (no reply awaited)`;
    case 'scan':
      return `${prefix}${action.args.map(showArg).join(' ')} (to the end)`;
    case 'receive':
      return `${prefix}(next reply)`;
    case 'closed':
      return `${prefix}(hangs up)`;
    case 'raw':
      return `${prefix}bytes ${showArg(action.bytes)}`;
    case 'split':
      return `${prefix}bytes ${showArg(action.bytes)} (${action.byteByByte ? 'one by one' : 'cut anywhere'})`;
    case 'wait':
      return `(wait ${action.ms} ms)`;
    case 'silence':
      return `${prefix}(silence for ${action.ms} ms)`;
    case 'blocked':
      return `(until ${action.clients} blocked)`;
  }
}

function showArg(arg: Arg): string {
  const text = abbreviate(toBytes(arg).toString('latin1'), SHOWN_ARG_LENGTH_MAX);
  return /^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]+$/.test(text) ? text : JSON.stringify(text);
}

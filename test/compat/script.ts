import { type Arg, toBytes } from '../support/resp-client.ts';
import type { Encoded } from './encoded.ts';

/** A command: its words separated by single spaces, or a list where an argument has other bytes. */
export type Command = string | readonly Arg[];

/** Turns a reply into the part of it that must be equal on every server and in every run. */
export type Normaliser = (reply: Encoded, dialect: Dialect) => Encoded;

/** Which Redis a server speaks like. Recordings are of 7.0, Redstart answers as 7.2 does. */
export type Dialect = '7.0' | '7.2';

/** The RESP version of a connection. */
export type Protocol = 2 | 3;

/** What a step does. */
export type Action =
  | { readonly kind: 'call' | 'send'; readonly args: readonly Arg[] }
  | { readonly kind: 'scan'; readonly args: readonly Arg[]; readonly cursorAt: number }
  | { readonly kind: 'receive' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'raw'; readonly bytes: Buffer }
  | { readonly kind: 'split'; readonly bytes: Buffer; readonly byteByByte: boolean }
  | { readonly kind: 'wait' | 'silence'; readonly ms: number }
  | { readonly kind: 'blocked'; readonly clients: number };

/** One line of a script. */
export type Step = {
  readonly action: Action;
  readonly connection: string;
  readonly normalisers: readonly Normaliser[];
  readonly capture?: { readonly name: string; readonly pattern: RegExp };
  readonly covers?: true;
  readonly in72?: {
    readonly why: string;
    readonly resp2: Encoded;
    readonly resp3: Encoded;
  };
};

/** How a script is written down: a bare command is a call on the connection named main. */
export type Line = Command | Step;

/** A named list of steps that starts from an empty server and fresh connections. */
export type Case = {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Commands without which the case cannot run. */
  readonly needs: readonly string[];
};

/** The cases of one command family, and the flags both servers are started with. */
export type Script = { readonly flags: readonly string[]; readonly cases: readonly Case[] };

/** The lines of a case that needs commands of another family, for example to make a wrong type. */
export type Needing = { readonly needs: readonly string[]; readonly lines: readonly Line[] };

/** Writes down a script: case name -> lines. */
export function defineScript(
  cases: { readonly [name: string]: readonly Line[] | Needing },
  options: { readonly flags?: readonly string[] } = {},
): Script {
  return {
    flags: options.flags ?? [],
    cases: Object.entries(cases).map(([name, content]) => {
      const { needs, lines } = 'needs' in content ? content : { needs: [], lines: content };
      return { name, needs, steps: lines.map(toStep) };
    }),
  };
}

/** A case that is skipped, visibly, on a server that lacks one of these commands. */
export function needing(needs: string, lines: readonly Line[]): Needing {
  return { needs: needs.split(' '), lines };
}

/** Runs a line on another connection, opened at its first use. */
export function on(connection: string, line: Line): Step {
  return { ...toStep(line), connection };
}

/** Sends a command and goes on without reading: it blocks, or is told not to reply. */
export function send(command: Command): Step {
  return step({ kind: 'send', args: toArgs(command) });
}

/** Reads one more reply or push message. */
export function receive(): Step {
  return step({ kind: 'receive' });
}

/** Expects that the server closes the connection, without sending anything more. */
export function closed(): Step {
  return step({ kind: 'closed' });
}

/**
 * Sends bytes as they are; the outcome is every byte that comes back, and whether the server hangs
 * up.
 */
export function raw(...bytes: Arg[]): Step {
  return step({ kind: 'raw', bytes: joinBytes(bytes) });
}

/**
 * Sends bytes in two packets, cut at every place in turn; the outcome is the list of distinct
 * answers.
 */
export function splitAnywhere(...bytes: Arg[]): Step {
  return step({ kind: 'split', bytes: joinBytes(bytes), byteByByte: false });
}

/** Sends bytes one packet each. */
export function byteByByte(...bytes: Arg[]): Step {
  return step({ kind: 'split', bytes: joinBytes(bytes), byteByByte: true });
}

/** Runs a SCAN-like command to the end; the cursor is the argument at this index. */
export function scan(command: Command, cursorAt = 1): Step {
  return step({ kind: 'scan', args: toArgs(command), cursorAt });
}

/** Lets time pass. */
export function wait(ms: number): Step {
  return step({ kind: 'wait', ms });
}

/** Lets time pass, during which the server must send nothing. */
export function silence(ms: number): Step {
  return step({ kind: 'silence', ms });
}

/** Waits until so many clients block, so that what follows happens after they do. */
export function untilBlocked(clients: number): Step {
  return step({ kind: 'blocked', clients });
}

/** Keeps the text of a reply, or a pattern's first group in it, for {name} in later arguments. */
export function capture(name: string, line: Line, pattern: RegExp = /^(.*)$/s): Step {
  return { ...toStep(line), capture: { name, pattern } };
}

/**
 * States what 7.2 replies where 7.0 replies something else. RESP3 replies the same unless given.
 */
export function in72(line: Line, why: string, resp2: Encoded, resp3: Encoded = resp2): Step {
  return { ...toStep(line), in72: { why, resp2, resp3 } };
}

/** A step with one more normaliser. */
export function normalised(line: Line, normaliser: Normaliser): Step {
  const base = toStep(line);
  return { ...base, normalisers: [...base.normalisers, normaliser] };
}

/** The server must give every element of the recorded reply, and may give more. */
export function covers(line: Line): Step {
  return { ...toStep(line), covers: true };
}

function toStep(line: Line): Step {
  if (isCommand(line)) return step({ kind: 'call', args: toArgs(line) });
  return line;
}

function step(action: Action): Step {
  return { action, connection: 'main', normalisers: [] };
}

function isCommand(line: Line): line is Command {
  return typeof line === 'string' || Array.isArray(line);
}

function toArgs(command: Command): readonly Arg[] {
  return typeof command === 'string' ? command.split(' ') : command;
}

function joinBytes(parts: readonly Arg[]): Buffer {
  return Buffer.concat(parts.map(toBytes));
}

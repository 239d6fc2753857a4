/**
 * All commands by name, in a keyed table probed with the raw bytes of a request: no string is made
 * to find one.
 */
import type { Args } from '../protocol/args.ts';
import type { Command, Flag } from './command.ts';
import type { CommandCatalog } from './services/catalog.ts';

const SLOT_COUNT = 1024;

/** Bits of `RegisteredCommand.mask`, for the checks that `execute` makes on every call. */
export const FLAG_BITS: Readonly<Record<Flag, number>> = {
  admin: 1 << 0,
  allow_busy: 1 << 1,
  asking: 1 << 2,
  blocking: 1 << 3,
  denyoom: 1 << 4,
  fast: 1 << 5,
  loading: 1 << 6,
  may_replicate: 1 << 7,
  movablekeys: 1 << 8,
  no_async_loading: 1 << 9,
  no_auth: 1 << 10,
  no_mandatory_keys: 1 << 11,
  no_multi: 1 << 12,
  noscript: 1 << 13,
  pubsub: 1 << 14,
  readonly: 1 << 15,
  skip_monitor: 1 << 16,
  skip_slowlog: 1 << 17,
  stale: 1 << 18,
  write: 1 << 19,
};

/**
 * Set in the mask of commands whose cost does not depend on their data or on how many arguments
 * there are: those flagged fast or of constant complexity that take a fixed number of keys.
 */
export const BRIEF: number = 1 << 20;

/** Set in the mask of commands that run at once inside of MULTI. */
export const UNQUEUED: number = 1 << 21;

/** A command with what `execute` needs at hand. */
export class RegisteredCommand {
  readonly command: Command;
  /** In lower case; `container|subcommand` for a subcommand. */
  readonly fullName: string;
  /** Place in `Registry.all`. */
  readonly id: number;
  readonly arity: number;
  readonly mask: number;
  readonly run: Command['run'];
  readonly scriptFlags: Command['scriptFlags'];
  readonly subcommands: ReadonlyMap<string, RegisteredCommand>;
  readonly nameBytes: Buffer;

  constructor(
    command: Command,
    fullName: string,
    id: number,
    subcommands: ReadonlyMap<string, RegisteredCommand>,
  ) {
    this.command = command;
    this.fullName = fullName;
    this.id = id;
    this.arity = command.arity;
    const own = (isBrief(command) ? BRIEF : 0) | (command.isQueued === false ? UNQUEUED : 0);
    this.mask = command.flags.reduce((mask, flag) => mask | FLAG_BITS[flag], own);
    this.run = command.run;
    this.scriptFlags = command.scriptFlags;
    this.subcommands = subcommands;
    this.nameBytes = Buffer.from(command.name.toLowerCase());
  }
}

/** See the file's comment. */
export class Registry implements CommandCatalog {
  readonly commands: readonly Command[];
  /** Commands and subcommands, by id. */
  readonly all: RegisteredCommand[] = [];
  readonly #byName = new Map<string, RegisteredCommand>();
  readonly #slots: (RegisteredCommand | null)[] = new Array(SLOT_COUNT).fill(null);

  constructor(commands: readonly Command[]) {
    this.commands = commands;
    for (const command of commands) this.#add(command);
  }

  /** The command that argument 0 names, or null. */
  find(args: Args): RegisteredCommand | null {
    const start = args.start(0);
    const length = args.length(0);
    const bytes = args.bytes;
    let slot = slotOf(bytes, start, length);
    for (;;) {
      const candidate = this.#slots[slot]!;
      if (candidate === null) return null;
      if (sameName(candidate.nameBytes, bytes, start, length)) return candidate;
      slot = (slot + 1) & (SLOT_COUNT - 1);
    }
  }

  byName(name: string): Command | undefined {
    return this.#byName.get(name.toLowerCase())?.command;
  }

  /** As `byName`, with what the registry knows of it. */
  registered(name: string): RegisteredCommand | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  #add(command: Command): void {
    const subcommands = new Map<string, RegisteredCommand>();
    const name = command.name.toLowerCase();
    if (this.#byName.has(name)) throw new Error(`two commands are named ${name}`);
    for (const sub of command.subcommands ?? []) {
      const subName = sub.name.toLowerCase();
      const entry = new RegisteredCommand(sub, `${name}|${subName}`, this.all.length, new Map());
      this.all.push(entry);
      subcommands.set(subName, entry);
      this.#byName.set(entry.fullName, entry);
    }
    const entry = new RegisteredCommand(command, name, this.all.length, subcommands);
    this.all.push(entry);
    this.#byName.set(name, entry);
    let slot = slotOf(entry.nameBytes, 0, entry.nameBytes.length);
    while (this.#slots[slot] !== null) slot = (slot + 1) & (SLOT_COUNT - 1);
    this.#slots[slot] = entry;
  }
}

function isBrief(command: Command): boolean {
  // Publishing is called fast, to however many subscribers.
  if (command.flags.includes('pubsub')) return false;
  // Those that may wait are timed by themselves, when they are answered.
  if (command.flags.includes('blocking')) return false;
  const constant = command.flags.includes('fast') || /^O\(1\)(?!.* plus )/.test(command.complexity);
  const takesManyKeys = command.keys?.some(({ find }) => !('last' in find) || find.last !== 0);
  return constant && takesManyKeys !== true;
}

/** Mixes the length and up to four letters, in lower case. */
function slotOf(bytes: Buffer, start: number, length: number): number {
  if (length === 0) return 0;
  const middle = start + (length >>> 1);
  let hash = length;
  hash = Math.imul(hash, 31) + (bytes[start]! | 0x20);
  hash = Math.imul(hash, 31) + (bytes[middle]! | 0x20);
  hash = Math.imul(hash, 31) + (bytes[start + length - 1]! | 0x20);
  hash = Math.imul(hash, 0x9e3779b1);
  return (hash ^ (hash >>> 15)) & (SLOT_COUNT - 1);
}

/** Whether the bytes are the name, whatever their case. `name` is in lower case. */
function sameName(name: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name[i]) return false;
  }
  return true;
}

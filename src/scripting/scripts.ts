/** EVAL and its relatives: the scripts that clients have sent, by their SHA-1. */
import { hash } from 'node:crypto';
import type { Context } from '../commands/command.ts';
import { CommandError } from '../commands/errors.ts';
import type { Scripting, ScriptNaming } from '../commands/services/scripting.ts';
import { sessionOf } from '../engine/session.ts';
import type { Args } from '../protocol/args.ts';
import { losslessText } from '../protocol/lossless-text.ts';
import type { Reply } from '../protocol/reply.ts';
import { CompileError, type LuaMachine, type LuaReference } from './lua-machine.ts';
import { pop } from './lua-stack.ts';
import { RecentNames } from './recent-names.ts';
import { readShebang } from './script-flags.ts';
import type { ScriptRunner } from './script-runner.ts';
import { SCRIPT_BYTES, ScriptState, type ScriptSurroundings } from './script-state.ts';

const SOURCE_NAME = '@user_script';
const NO_SCRIPT = new CommandError('NOSCRIPT No matching script. Please use EVAL.');
const NOT_READ_ONLY = new CommandError(
  'ERR Can not execute a script with write flag using *_ro command.',
);
const SHA1_DIGITS = 40;

/** A script that is kept. */
interface Script {
  readonly sha1: string;
  readonly code: Buffer;
  /** Without the first line that says how to run it. */
  readonly body: Buffer;
  /** Null for one without such a line. */
  readonly flags: readonly string[] | null;
  readonly isReadOnly: boolean;
  readonly allowsOutOfMemory: boolean;
  /** Where it was compiled; another machine needs it anew. */
  machine: LuaMachine;
  reference: LuaReference;
}

/** See the file's comment. */
export class Scripts implements Scripting {
  readonly #runner: ScriptRunner;
  readonly #state: ScriptState;
  readonly #scripts = new Map<string, Script>();
  readonly #recentSha1s = new RecentNames<Script>();
  readonly #recentCodes = new RecentNames<Script>();
  #codeBytes = 0;

  constructor(around: ScriptSurroundings, runner: ScriptRunner) {
    this.#runner = runner;
    this.#state = new ScriptState(around);
  }

  get scriptCount(): number {
    return this.#scripts.size;
  }

  get stateBytes(): number {
    return this.#state.memoryBytes;
  }

  get codeBytes(): number {
    return this.#codeBytes + this.#scripts.size * SCRIPT_BYTES;
  }

  run(
    context: Context,
    args: Args,
    reply: Reply,
    naming: ScriptNaming,
    isReadOnly: boolean,
    keyCount: number,
  ): void {
    const script = naming === 'code' ? this.#keep(args) : this.#find(args);
    if (isReadOnly && script.flags !== null && !script.isReadOnly) throw NOT_READ_ONLY;
    const state = this.#state;
    const { machine } = state;
    if (script.machine !== machine) this.#compileAnew(script, machine);
    const { thread } = machine;
    machine.dereference(thread, script.reference);
    machine.dereference(thread, machine.globals);
    state.pushArguments(thread, args, 3, keyCount);
    machine.setField(thread, 'KEYS');
    state.pushArguments(thread, args, 3 + keyCount, args.count - 3 - keyCount);
    machine.setField(thread, 'ARGV');
    pop(machine.module.view, thread, 1);
    const call = {
      state,
      name: script.sha1,
      isFunction: false,
      isReadOnly: isReadOnly || script.isReadOnly,
      allowsOutOfMemory: script.allowsOutOfMemory,
      argumentCount: 0,
      args,
    };
    this.#runner.run(sessionOf(context.client), call, reply);
  }

  flagsOf(args: Args, naming: ScriptNaming): readonly string[] | null {
    if (naming === 'sha1') return this.#known(args)?.flags ?? null;
    const recent = this.#recentCodes.find(args, 1);
    if (recent !== undefined) return recent.flags;
    try {
      return readShebang(codeOf(args))?.flags ?? null;
    } catch (problem) {
      // The script says so when it is run.
      if (problem instanceof CommandError) return null;
      throw problem;
    }
  }

  requireSha1(args: Args): void {
    if (args.length(1) !== SHA1_DIGITS) throw NO_SCRIPT;
  }

  load(code: Buffer): string {
    return this.#add(code).sha1;
  }

  has(sha1: string): boolean {
    return this.#scripts.has(sha1.toLowerCase());
  }

  flush(): void {
    this.#scripts.clear();
    this.#recentSha1s.clear();
    this.#recentCodes.clear();
    this.#codeBytes = 0;
    this.#state.spoil();
  }

  kill(isFunction: boolean): void {
    this.#runner.kill(isFunction);
  }

  #find(args: Args): Script {
    const script = this.#known(args);
    if (script === undefined) throw NO_SCRIPT;
    return script;
  }

  /** The script whose SHA-1 argument 1 is. */
  #known(args: Args): Script | undefined {
    const recent = this.#recentSha1s.find(args, 1);
    if (recent !== undefined) return recent;
    const script = this.#scripts.get(args.text(1).toLowerCase());
    if (script !== undefined) this.#recentSha1s.remember(args.copy(1), script);
    return script;
  }

  #keep(args: Args): Script {
    const recent = this.#recentCodes.find(args, 1);
    if (recent !== undefined) return recent;
    const script = this.#add(codeOf(args));
    this.#recentCodes.remember(script.code, script);
    return script;
  }

  /** The script of this code; compiled if it is new. */
  #add(text: Buffer): Script {
    const sha1 = hash('sha1', text, 'hex');
    const known = this.#scripts.get(sha1);
    if (known !== undefined) return known;
    const code = Buffer.from(text);
    const shebang = readShebang(code);
    const body = shebang?.body ?? code;
    const { machine } = this.#state;
    const reference = this.#compile(machine, body);
    const flags = shebang?.flags ?? null;
    const script: Script = {
      sha1,
      code,
      body,
      flags,
      isReadOnly: flags?.includes('no-writes') ?? false,
      allowsOutOfMemory: flags?.includes('allow-oom') ?? false,
      machine,
      reference,
    };
    this.#scripts.set(sha1, script);
    this.#codeBytes += code.length;
    return script;
  }

  #compileAnew(script: Script, machine: LuaMachine): void {
    script.machine = machine;
    script.reference = this.#compile(machine, script.body);
  }

  #compile(machine: LuaMachine, body: Buffer): LuaReference {
    try {
      const reference = machine.compile(body, SOURCE_NAME);
      machine.shortenGlobals(reference);
      return reference;
    } catch (problem) {
      if (!(problem instanceof CompileError)) throw problem;
      const bytes = Buffer.from(problem.message, 'latin1');
      throw new CommandError(
        `ERR Error compiling script (new function): ${losslessText(bytes, 0, bytes.length)}`,
      );
    }
  }
}

/** Argument 1, where it lies. */
function codeOf(args: Args): Buffer {
  const start = args.start(1);
  return args.bytes.subarray(start, start + args.length(1));
}

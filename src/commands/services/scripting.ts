/** Scripts and libraries of functions. */
import type { Args } from '../../protocol/args.ts';
import type { Reply } from '../../protocol/reply.ts';
import type { Context } from '../command.ts';

/** How a call names its script: by its code, or by the SHA-1 of that. */
export type ScriptNaming = 'code' | 'sha1';

/** A function of a library, as FUNCTION LIST shows it. */
export interface FunctionFacts {
  readonly name: string;
  readonly description: string | null;
  readonly flags: readonly string[];
}

/** A library of functions. */
export interface LibraryFacts {
  readonly name: string;
  readonly code: Buffer;
  readonly functions: readonly FunctionFacts[];
}

/** What runs, for FUNCTION STATS. */
export interface RunningScript {
  readonly name: string;
  readonly command: readonly Buffer[];
  readonly milliseconds: number;
  readonly isFunction: boolean;
}

/** What becomes of libraries that are there already. */
export type RestorePolicy = 'append' | 'replace' | 'flush';

/** What scripts or functions hold. */
export interface ScriptMemory {
  /** Bytes of the state of Lua that they run in; 0 as long as none has run. */
  readonly stateBytes: number;
  /** Bytes of their code, and what is kept with it. */
  readonly codeBytes: number;
}

/** Scripts that clients send. */
export interface Scripting extends ScriptMemory {
  readonly scriptCount: number;
  /**
   * Runs the script that argument 1 names, with so many keys from argument 3 on, and answers.
   * Throws CommandError.
   */
  run(
    context: Context,
    args: Args,
    reply: Reply,
    naming: ScriptNaming,
    isReadOnly: boolean,
    keyCount: number,
  ): void;
  /** The flags of the script that argument 1 names; null when it has none, or does not exist. */
  flagsOf(args: Args, naming: ScriptNaming): readonly string[] | null;
  /** Throws CommandError unless argument 1 is as long as a SHA-1. */
  requireSha1(args: Args): void;
  /** Keeps a script; answers its SHA-1. Throws CommandError when it does not compile. */
  load(code: Buffer): string;
  has(sha1: string): boolean;
  flush(): void;
  /** Ends the script that runs. Throws CommandError when there is none or it has written. */
  kill(isFunction: boolean): void;
}

/** Libraries as snapshots hold them. */
export interface LibraryStore {
  /** The code of each. */
  readonly codes: readonly Buffer[];
  /** Has these in place of all others. Throws CommandError, with nothing changed. */
  replace(codes: readonly Buffer[]): void;
}

/** Libraries of functions. */
export interface Functions extends ScriptMemory {
  /** In the order of their names. */
  list(): readonly LibraryFacts[];
  /** Answers the name of the library. Throws CommandError. */
  load(code: Buffer, replaces: boolean): string;
  /** Whether there was such a library. */
  delete(name: string): boolean;
  flush(): void;
  /** All libraries as bytes. */
  dump(): Buffer;
  /** Throws CommandError, with nothing changed. */
  restore(payload: Buffer, policy: RestorePolicy): void;
  running(): RunningScript | null;
  /** The flags of the function that argument 1 names; null when there is none. */
  flagsOf(args: Args): readonly string[] | null;
  /** Whether argument 1 names a function. */
  has(args: Args): boolean;
  /** Calls the function that argument 1 names, with so many keys from argument 3 on. */
  call(context: Context, args: Args, reply: Reply, isReadOnly: boolean, keyCount: number): void;
}

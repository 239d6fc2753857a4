/**
 * A machine with the libraries of Redis, and what a run of a script needs around it. A state that
 * has run out of memory, or has grown large, is dropped; the next one to ask gets a fresh machine,
 * and compiles its functions anew.
 */
import { CommandError } from '../commands/errors.ts';
import type { Registry } from '../commands/registry.ts';
import type { Executor } from '../engine/execute.ts';
import type { Log } from '../engine/log.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { BIT_LIBRARY, type LibraryMaker } from './bit-library.ts';
import { cjsonLibrary } from './cjson-library.ts';
import { cmsgpackLibrary } from './cmsgpack-library.ts';
import { type CallPermission, CommandCall } from './command-call.ts';
import type { LuaThread } from './lua-exports.ts';
import { LuaPanic } from './lua-imports.ts';
import { type Library, LuaMachine } from './lua-machine.ts';
import { baseOf, clear, topOf } from './lua-stack.ts';
import { LuaToReply } from './lua-to-reply.ts';
import { RedisLibrary } from './redis-library.ts';
import { structLibrary } from './struct-library.ts';

/** Memory that a state may have: a script that needs more fails. */
const MEMORY_BYTES_MAX = 512 * 1024 * 1024;
/** A state that has grown beyond this is dropped after the script. */
const MEMORY_BYTES_KEPT = 64 * 1024 * 1024;
const MILLISECONDS_PER_SECOND = 1000;

/** What a script or a library costs beside its code. */
export const SCRIPT_BYTES = 200;

/** What the scripts of one engine share. */
export interface ScriptSurroundings {
  readonly registry: Registry;
  readonly executor: Executor;
  readonly log: Log;
  readonly permission: CallPermission;
}

/** Libraries that scripts have beside `redis`. */
const LIBRARIES: Readonly<Record<string, LibraryMaker>> = {
  bit: BIT_LIBRARY,
  cjson: cjsonLibrary,
  cmsgpack: cmsgpackLibrary,
  struct: structLibrary,
  os: (machine) => ({
    clock: (L) => {
      machine().module.api.lua_pushnumber(L, performance.now() / MILLISECONDS_PER_SECOND);
      return 1;
    },
  }),
};

/** See the file's comment. */
export class ScriptState {
  readonly #around: ScriptSurroundings;
  readonly #registering: Library;
  #machine: LuaMachine | null = null;
  #calls!: CommandCall;
  #toReply!: LuaToReply;

  /** `registering` is what libraries of functions call as they are loaded, if any are. */
  constructor(around: ScriptSurroundings, registering: Library = {}) {
    this.#around = around;
    this.#registering = registering;
  }

  /** The machine; another one than before when that was dropped. */
  get machine(): LuaMachine {
    this.#machine ??= this.#build();
    return this.#machine;
  }

  get calls(): CommandCall {
    return this.#calls;
  }

  get memoryBytes(): number {
    return this.#machine?.memoryBytes ?? 0;
  }

  /** Before a script. */
  begin(onHook: () => number): void {
    this.machine.onHook = onHook;
    this.#calls.writer.resp3 = false;
    this.#toReply.resp3 = false;
  }

  /** Writes what the script returned. */
  writeResult(reply: Reply): void {
    const { module, thread } = this.machine;
    const first = baseOf(module.view, thread);
    if (first === topOf(module.view, thread)) reply.nil();
    else this.#toReply.write(thread, first, reply);
  }

  /** After it. */
  end(): void {
    if (this.#machine === null) return;
    if (this.#machine.memoryBytes > MEMORY_BYTES_KEPT) {
      this.#machine = null;
      return;
    }
    const { module, thread } = this.#machine;
    clear(module.view, thread);
  }

  /** Gives up the machine: it cannot be relied on any more, or is not wanted. */
  spoil(): void {
    this.#machine = null;
  }

  /** Pushes a table of so many arguments. Throws CommandError when there is no room for them. */
  pushArguments(L: LuaThread, args: Args, first: number, count: number): void {
    try {
      this.#push(L, args, first, count);
    } catch (problem) {
      this.spoil();
      if (problem instanceof LuaPanic) throw new CommandError('ERR not enough memory');
      throw problem;
    }
  }

  #push(L: LuaThread, args: Args, first: number, count: number): void {
    const { module } = this.machine;
    module.api.lua_createtable(L, count, 0);
    for (let i = 0; i < count; i++) {
      module.pushRange(L, args.bytes, args.view, args.start(first + i), args.length(first + i));
      module.api.lua_rawseti(L, -2, i + 1);
    }
  }

  #build(): LuaMachine {
    const { log, registry, executor, permission } = this.#around;
    const redis = new RedisLibrary(log, (resp3) => {
      this.#toReply.resp3 = resp3;
    });
    let machine!: LuaMachine;
    const libraries: Record<string, Library> = { redis: redis.functions() };
    for (const [name, make] of Object.entries(LIBRARIES)) libraries[name] = make(() => machine);
    const registers = Object.keys(this.#registering).length > 0;
    const loading = registers ? { ...redis.loading(), ...this.#registering } : {};
    machine = new LuaMachine(MEMORY_BYTES_MAX, libraries, loading);
    this.#calls = new CommandCall(machine, registry, executor, permission);
    this.#toReply = new LuaToReply(machine);
    redis.attach(machine, this.#calls);
    return machine;
  }
}

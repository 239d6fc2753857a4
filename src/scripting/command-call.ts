/**
 * redis.call and redis.pcall: a command reads its arguments where they lie in the module's memory,
 * where nothing moves until Lua runs on, and the reply is copied back, without a string of
 * JavaScript on the way.
 */
import { NO_MEMORY } from '../commands/errors.ts';
import type { Registry } from '../commands/registry.ts';
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type { Executor } from '../engine/execute.ts';
import type { Session } from '../engine/session.ts';
import { Args } from '../protocol/args.ts';
import { DOUBLE_LENGTH_MAX, writeDouble } from '../protocol/numbers.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { CommandNames } from './command-names.ts';
import { type LuaThread, TYPE_NUMBER, TYPE_STRING } from './lua-exports.ts';
import type { LuaMachine } from './lua-machine.ts';
import {
  baseOf,
  numberAt,
  objectAt,
  stringLength,
  stringStartAt,
  topOf,
  typeAt,
  VALUE_BYTES,
} from './lua-stack.ts';
import { ReplyToLua } from './reply-to-lua.ts';

/** There is room for so many numbers at least. */
const NUMBERS_MIN = 64;
const TYPE_ERROR = 0x2d;
const NO_ARGUMENTS = 'Please specify at least one argument for this redis lib call';
const BAD_ARGUMENT = 'Lua redis lib command arguments must be strings or integers';
/** A script that may only read must not have others hear of anything either. */
const CHANGING = FLAG_BITS.write | FLAG_BITS.may_replicate;
/** Flags of commands that scripts may not always call. */
const RULED = CHANGING | FLAG_BITS.noscript | FLAG_BITS.blocking | FLAG_BITS.denyoom;
const READ_ONLY = 'ERR Write commands are not allowed from read-only scripts.';

/** What may be called by the script that runs, and what it has done. */
export interface CallPermission {
  /** Null while no script runs: libraries call nothing as they are loaded. */
  readonly session: Session | null;
  readonly isReadOnly: boolean;
  /** Whether it may take memory when there is none left. */
  readonly allowsOutOfMemory: boolean;
  hasWritten: boolean;
}

/** See the file's comment. */
export class CommandCall {
  /** Writes replies in the protocol that the script has asked for. */
  readonly writer: RespWriter = new RespWriter();
  readonly #machine: LuaMachine;
  readonly #registry: Registry;
  readonly #executor: Executor;
  readonly #permission: CallPermission;
  readonly #args = new Args();
  readonly #replies: ReplyToLua;
  readonly #names: CommandNames;
  /** Room in the module's memory for numbers as text. */
  #room = 0;
  #roomNumbers = 0;

  constructor(
    machine: LuaMachine,
    registry: Registry,
    executor: Executor,
    permission: CallPermission,
  ) {
    this.#machine = machine;
    this.#registry = registry;
    this.#executor = executor;
    this.#permission = permission;
    this.#replies = new ReplyToLua(machine);
    this.#names = new CommandNames(machine.module.api);
  }

  /** Runs a command for the function that called; its error is raised, or returned. */
  call(L: LuaThread, raises: boolean): number {
    const mistake = this.#readArguments(L);
    if (mistake !== null) return this.fail(L, `ERR ${mistake}`, raises);
    const { session } = this.#permission;
    const command = this.#called(L);
    const refusal = this.#refusal(command);
    if (refusal !== null) {
      this.fail(L, refusal, false);
      return this.#failed(L, raises);
    }
    const { writer } = this;
    writer.reset();
    this.#executor.execute(session!, this.#args, writer, command);
    this.#replies.push(L, writer);
    return writer.buffer[0] === TYPE_ERROR ? this.#failed(L, raises) : 1;
  }

  /** Whether what the script changes from here on is kept out of the stream of changes. */
  setUnlogged(isUnlogged: boolean): void {
    const { session } = this.#permission;
    if (session !== null) session.isUnlogged = isUnlogged;
  }

  /** Raises a table with the text of an error, or returns it. */
  fail(L: LuaThread, text: string, raises: boolean): number {
    const { module } = this.#machine;
    module.api.lua_settop(L, 0);
    module.api.lua_createtable(L, 0, 1);
    module.pushText(L, text);
    module.api.lua_setfield(L, -2, module.name('err'));
    if (raises) module.raiseTop(L);
    return 1;
  }

  /** The command that the arguments on the stack name; null when there is none for so many. */
  named(L: LuaThread): RegisteredCommand | string | null {
    return this.#readArguments(L) ?? this.#command();
  }

  /** Has `#args` mean the arguments where they lie; answers what is wrong with them. */
  #readArguments(L: LuaThread): string | null {
    const { module } = this.#machine;
    const base = baseOf(module.view, L);
    const top = topOf(module.view, L);
    if (base === top) return NO_ARGUMENTS;
    this.#makeRoom(L, (top - base) / VALUE_BYTES);
    const { bytes, view } = module;
    const args = this.#args;
    args.reset(bytes, view);
    let room = this.#room;
    for (let value = base; value < top; value += VALUE_BYTES) {
      const type = typeAt(view, value);
      if (type === TYPE_STRING) {
        const start = stringStartAt(view, value);
        args.push(start, stringLength(view, start));
      } else if (type === TYPE_NUMBER) {
        const end = writeDouble(bytes, room, numberAt(view, value));
        args.push(room, end - room);
        room = end;
      } else {
        return BAD_ARGUMENT;
      }
    }
    return null;
  }

  /** Makes room for so many numbers as text. */
  #makeRoom(L: LuaThread, numbers: number): void {
    if (numbers <= this.#roomNumbers) return;
    const { module } = this.#machine;
    if (this.#room !== 0) module.api.free(this.#room);
    this.#roomNumbers = Math.max(numbers, NUMBERS_MIN);
    this.#room = module.api.malloc(this.#roomNumbers * DOUBLE_LENGTH_MAX);
    if (this.#room !== 0) return;
    this.#roomNumbers = 0;
    module.raise(L, 'not enough memory');
  }

  /** Raises or returns the error of a command, marked as one that has been counted. */
  #failed(L: LuaThread, raises: boolean): number {
    const { module } = this.#machine;
    module.api.lua_pushboolean(L, 1);
    module.api.lua_setfield(L, -2, module.name('ignore_error_stats_update'));
    if (raises) module.raiseTop(L);
    return 1;
  }

  /** The command that is called, which is remembered by the string that names it. */
  #called(L: LuaThread): RegisteredCommand | null {
    const { module } = this.#machine;
    const base = baseOf(module.view, L);
    // A number names no command.
    if (typeAt(module.view, base) !== TYPE_STRING) return null;
    const address = objectAt(module.view, base);
    const known = this.#names.find(address);
    if (known !== null) return known;
    const command = this.#command();
    if (command === null || command !== this.#registry.find(this.#args)) return command;
    // What is named is no container whose subcommands have names of their own.
    if (command.subcommands.size > 0) return command;
    this.#names.remember(L, address, command);
    // The state's memory may have grown.
    this.#args.rebase(module.bytes, module.view, 0);
    return command;
  }

  #command(): RegisteredCommand | null {
    const args = this.#args;
    const command = this.#registry.find(args);
    if (command === null || command.subcommands.size === 0 || args.count < 2) return command;
    return command.subcommands.get(args.text(1).toLowerCase()) ?? null;
  }

  /** Why the command may not be called; null when it may. */
  #refusal(command: RegisteredCommand | null): string | null {
    const permission = this.#permission;
    if (permission.session === null) return 'ERR redis.call can only be called inside a script';
    if (command === null) return 'ERR Unknown Redis command called from script';
    const { arity, mask } = command;
    const { count } = this.#args;
    if ((arity < 0 ? count < -arity : count !== arity) || command.run === undefined) {
      return 'ERR Wrong number of args calling Redis command from script';
    }
    if ((mask & RULED) === 0) return null;
    if ((mask & FLAG_BITS.noscript) !== 0) {
      return 'ERR This Redis command is not allowed from script';
    }
    if ((mask & FLAG_BITS.blocking) !== 0 && asksToBlock(command, this.#args)) {
      return `ERR ${this.#args.text(0)} command is not allowed with BLOCK option from scripts`;
    }
    if (permission.isReadOnly && (mask & CHANGING) !== 0) return READ_ONLY;
    // A script that has begun to write goes on, whatever becomes of the disk or the memory.
    if (!permission.hasWritten && !permission.session.replays) {
      const refusal = this.#stateRefusal(mask);
      if (refusal !== null) return refusal;
    }
    if ((mask & FLAG_BITS.write) !== 0) permission.hasWritten = true;
    return null;
  }

  /** Why a command of this kind may not run just now. */
  #stateRefusal(mask: number): string | null {
    const executor = this.#executor;
    if ((mask & FLAG_BITS.write) !== 0 && executor.writeRefusal !== null) {
      return executor.writeRefusal.text;
    }
    if ((mask & FLAG_BITS.denyoom) === 0 || this.#permission.allowsOutOfMemory) return null;
    return executor.isOutOfMemory ? NO_MEMORY.text : null;
  }
}

/** Whether this is a reading of streams that would wait; BLPOP and the like do not. */
function asksToBlock({ fullName }: RegisteredCommand, args: Args): boolean {
  if (fullName !== 'xread' && fullName !== 'xreadgroup') return false;
  for (let i = 1; i < args.count - 1; i++) {
    if (args.is(i, 'BLOCK')) return true;
    if (args.is(i, 'STREAMS')) return false;
    if (args.is(i, 'COUNT')) i++;
    else if (args.is(i, 'GROUP')) i += 2;
  }
  return false;
}

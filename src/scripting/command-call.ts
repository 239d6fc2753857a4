/**
 * redis.call and redis.pcall: the arguments are copied out of the state's memory into a buffer, and
 * the reply back, without a string of JavaScript on the way.
 */
import type { Registry } from '../commands/registry.ts';
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type { Executor } from '../engine/execute.ts';
import type { Session } from '../engine/session.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import { type LuaThread, TYPE_NUMBER, TYPE_STRING } from './lua-exports.ts';
import type { LuaMachine } from './lua-machine.ts';
import { formatGeneral } from './number-text.ts';
import { ReplyToLua } from './reply-to-lua.ts';

const INITIAL_BYTES = 16 * 1024;
const KEPT_BYTES_MAX = 1024 * 1024;
/** Digits that a double takes to be read as the same one. */
const DIGITS = 17;
const TYPE_ERROR = 0x2d;
/** Most places of the stack for arguments; C leaves a function no more. */
const NO_ARGUMENTS = 'Please specify at least one argument for this redis lib call';
const BAD_ARGUMENT = 'Lua redis lib command arguments must be strings or integers';
const READ_ONLY = 'Write commands are not allowed from read-only scripts.';

/** What may be called by the script that runs, and what it has done. */
export interface CallPermission {
  /** Null while no script runs: libraries call nothing as they are loaded. */
  readonly session: Session | null;
  readonly isReadOnly: boolean;
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
  #buffer!: Buffer;
  #view!: DataView;

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
    this.#replies = new ReplyToLua(machine.module);
    this.#use(INITIAL_BYTES);
  }

  /** Runs a command for the function that called; its error is raised, or returned. */
  call(L: LuaThread, raises: boolean): number {
    const mistake = this.#readArguments(L);
    if (mistake !== null) return this.fail(L, `ERR ${mistake}`, raises);
    const refusal = this.#refusal();
    if (refusal !== null) {
      this.fail(L, `ERR ${refusal}`, false);
      return this.#failed(L, raises);
    }
    const { writer } = this;
    writer.reset();
    this.#executor.execute(this.#permission.session!, this.#args, writer);
    if (this.#buffer.length > KEPT_BYTES_MAX) this.#use(INITIAL_BYTES);
    this.#machine.module.api.lua_settop(L, 0);
    this.#replies.push(L, writer);
    return writer.buffer[0] === TYPE_ERROR ? this.#failed(L, raises) : 1;
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

  /** Copies the arguments; answers what is wrong with them. */
  #readArguments(L: LuaThread): string | null {
    const { module } = this.#machine;
    const { api } = module;
    const args = this.#args;
    const count = api.lua_gettop(L);
    if (count === 0) return NO_ARGUMENTS;
    args.reset(this.#buffer, this.#view);
    let end = 0;
    for (let i = 1; i <= count; i++) {
      const type = api.lua_type(L, i);
      if (type === TYPE_STRING) {
        const start = module.string(L, i);
        const { length } = module;
        if (end + length > this.#buffer.length) this.#grow(end, length);
        copyIn(module.bytes, start, this.#buffer, end, length);
        args.push(end, length);
        end += length;
      } else if (type === TYPE_NUMBER) {
        const text = formatGeneral(api.lua_tonumber(L, i), DIGITS);
        if (end + text.length > this.#buffer.length) this.#grow(end, text.length);
        args.push(end, this.#buffer.write(text, end, 'latin1'));
        end += text.length;
      } else {
        return BAD_ARGUMENT;
      }
    }
    args.end = end;
    return null;
  }

  /** Raises or returns the error of a command, marked as one that has been counted. */
  #failed(L: LuaThread, raises: boolean): number {
    const { module } = this.#machine;
    module.api.lua_pushboolean(L, 1);
    module.api.lua_setfield(L, -2, module.name('ignore_error_stats_update'));
    if (raises) module.raiseTop(L);
    return 1;
  }

  #command(): RegisteredCommand | null {
    const args = this.#args;
    const command = this.#registry.find(args);
    if (command === null || command.subcommands.size === 0 || args.count < 2) return command;
    return command.subcommands.get(args.text(1).toLowerCase()) ?? null;
  }

  /** Why the command may not be called; null when it may. */
  #refusal(): string | null {
    const permission = this.#permission;
    if (permission.session === null) return 'redis.call can only be called inside a script';
    const command = this.#command();
    if (command === null) return 'Unknown Redis command called from script';
    const { arity, mask } = command;
    const { count } = this.#args;
    if ((arity < 0 ? count < -arity : count !== arity) || command.run === undefined) {
      return 'Wrong number of args calling Redis command from script';
    }
    if ((mask & FLAG_BITS.noscript) !== 0) return 'This Redis command is not allowed from script';
    if ((mask & FLAG_BITS.write) !== 0) {
      if (permission.isReadOnly) return READ_ONLY;
      permission.hasWritten = true;
    }
    return null;
  }

  #grow(used: number, more: number): void {
    const { ranges } = this.#args;
    const previous = this.#buffer;
    this.#use(Math.max(previous.length * 2, used + more));
    previous.copy(this.#buffer, 0, 0, used);
    this.#args.bytes = this.#buffer;
    this.#args.view = this.#view;
    this.#args.ranges = ranges;
  }

  #use(bytes: number): void {
    this.#buffer = Buffer.allocUnsafeSlow(bytes);
    this.#view = new DataView(this.#buffer.buffer);
  }
}

/** Short arguments are copied faster one by one than by a call. */
function copyIn(from: Buffer, start: number, to: Buffer, at: number, length: number): void {
  if (length > 32) {
    from.copy(to, at, start, start + length);
    return;
  }
  for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

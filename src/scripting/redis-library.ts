/** The table `redis` of scripts: what it has beside `call` and `pcall`. */
import { hash } from 'node:crypto';
import { REDIS_VERSION } from '../commands/version.ts';
import type { Log } from '../engine/log.ts';
import type { CommandCall } from './command-call.ts';
import { type LuaThread, TYPE_NUMBER, TYPE_STRING } from './lua-exports.ts';
import type { Library, LuaMachine } from './lua-machine.ts';

const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const;
/** Nothing, the append-only file, replicas, and both. */
const REPLICATION_MASKS = { none: 0, aof: 1, replica: 2, all: 3 } as const;

/** What the library's functions work with; each script begins anew with it. */
export interface RedisLibrary {
  /** REQUIRES: the machine is built. */
  attach(machine: LuaMachine, calls: CommandCall): void;
  readonly functions: Library;
}

/** The library of a machine that is still to be built; `setResp3` is told of setresp. */
export function redisLibrary(log: Log, setResp3: (resp3: boolean) => void): RedisLibrary {
  let machine!: LuaMachine;
  let calls!: CommandCall;
  const fail = (L: LuaThread, text: string): number => calls.fail(L, `ERR ${text}`, true);
  const single = (L: LuaThread): boolean =>
    machine.module.api.lua_gettop(L) === 1 && machine.module.api.lua_type(L, 1) === TYPE_STRING;
  const functions: Library = {
    call: (L) => calls.call(L, true),
    pcall: (L) => calls.call(L, false),
    error_reply: (L) => {
      if (!single(L)) return calls.fail(L, 'ERR wrong number or type of arguments', false);
      return calls.fail(L, errorOf(machine.module.text(L, 1)), false);
    },
    status_reply: (L) => {
      if (!single(L)) return calls.fail(L, 'ERR wrong number or type of arguments', false);
      const { api } = machine.module;
      api.lua_createtable(L, 0, 1);
      api.lua_pushvalue(L, 1);
      api.lua_setfield(L, -2, machine.module.name('ok'));
      return 1;
    },
    sha1hex: (L) => {
      const { api } = machine.module;
      if (api.lua_gettop(L) !== 1) return fail(L, 'wrong number of arguments');
      const type = api.lua_type(L, 1);
      const isText = type === TYPE_STRING || type === TYPE_NUMBER;
      const bytes = isText ? machine.module.stringBytes(L, 1) : Buffer.alloc(0);
      machine.module.pushText(L, hash('sha1', bytes, 'hex'));
      return 1;
    },
    log: (L) => writeLog(L),
    setresp: (L) => {
      const { api } = machine.module;
      if (api.lua_gettop(L) !== 1) return fail(L, 'redis.setresp() requires one argument.');
      const version = api.lua_tonumber(L, 1);
      if (version !== 2 && version !== 3) return fail(L, 'RESP version must be 2 or 3.');
      calls.writer.resp3 = version === 3;
      setResp3(version === 3);
      return 0;
    },
    set_repl: (L) => {
      const { api } = machine.module;
      if (api.lua_gettop(L) !== 1) return fail(L, 'redis.set_repl() requires two arguments.');
      const mask = api.lua_tonumber(L, 1);
      if (mask >= REPLICATION_MASKS.none && mask <= REPLICATION_MASKS.all) return 0;
      return fail(
        L,
        'Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.',
      );
    },
    replicate_commands: (L) => {
      machine.module.api.lua_pushboolean(L, 1);
      return 1;
    },
    // There is no debugger, so nothing to break into.
    breakpoint: (L) => {
      machine.module.api.lua_pushboolean(L, 0);
      return 1;
    },
    debug: () => 0,
    acl_check_cmd: (L) => {
      const command = calls.named(L);
      if (typeof command === 'string') return fail(L, command);
      if (command === null) return fail(L, 'Invalid command passed to redis.acl_check_cmd()');
      machine.module.api.lua_pushboolean(L, 1);
      return 1;
    },
    REDIS_VERSION,
    REDIS_VERSION_NUM: versionNumber(REDIS_VERSION),
    LOG_DEBUG: 0,
    LOG_VERBOSE: 1,
    LOG_NOTICE: 2,
    LOG_WARNING: 3,
    REPL_NONE: REPLICATION_MASKS.none,
    REPL_AOF: REPLICATION_MASKS.aof,
    REPL_SLAVE: REPLICATION_MASKS.replica,
    REPL_REPLICA: REPLICATION_MASKS.replica,
    REPL_ALL: REPLICATION_MASKS.all,
  };

  function writeLog(L: LuaThread): number {
    const { module } = machine;
    const { api } = module;
    const count = api.lua_gettop(L);
    if (count < 2) return fail(L, 'redis.log() requires two arguments or more.');
    if (api.lua_type(L, 1) !== TYPE_NUMBER) {
      return fail(L, 'First argument must be a number (log level).');
    }
    const level = LOG_LEVELS[Math.trunc(api.lua_tonumber(L, 1))];
    if (level === undefined) return fail(L, 'Invalid debug level.');
    const words: string[] = [];
    for (let i = 2; i <= count; i++) {
      const type = api.lua_type(L, i);
      if (type === TYPE_STRING || type === TYPE_NUMBER) {
        words.push(module.stringBytes(L, i).toString());
      }
    }
    log[level](words.join(' '));
    return 0;
  }

  return {
    attach(built, itsCalls) {
      machine = built;
      calls = itsCalls;
    },
    functions,
  };
}

/** The text of an error: with the code ERR, unless it has one. */
function errorOf(text: string): string {
  const message = text.replace(/^-/, '').replaceAll(/^[\r\n]+|[\r\n]+$/g, '');
  return message.includes(' ') ? message : `ERR ${message}`;
}

/** Major, minor and patch version in a byte each. */
function versionNumber(version: string): number {
  return version.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

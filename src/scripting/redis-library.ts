/** The table `redis` of scripts. */
import { hash } from 'node:crypto';
import { REDIS_VERSION } from '../commands/version.ts';
import type { Log } from '../engine/log.ts';
import type { CommandCall } from './command-call.ts';
import { type LuaThread, TYPE_NUMBER, TYPE_STRING } from './lua-exports.ts';
import type { Library, LuaMachine } from './lua-machine.ts';

const LOG_LEVELS = ['debug', 'verbose', 'notice', 'warning'] as const;
/** Both the append-only file and replicas; the least mask is neither. */
const REPLICATE_ALL = 3;
const REPLICATE_AOF = 1;
const WRONG_ARGUMENTS = 'ERR wrong number or type of arguments';

const CONSTANTS: Library = {
  REDIS_VERSION,
  REDIS_VERSION_NUM: versionNumber(REDIS_VERSION),
  LOG_DEBUG: 0,
  LOG_VERBOSE: 1,
  LOG_NOTICE: 2,
  LOG_WARNING: 3,
  REPL_NONE: 0,
  REPL_AOF: REPLICATE_AOF,
  REPL_SLAVE: 2,
  REPL_REPLICA: 2,
  REPL_ALL: REPLICATE_ALL,
};

/** See the file's comment. */
export class RedisLibrary {
  readonly #log: Log;
  readonly #setResp3: (resp3: boolean) => void;
  #machine!: LuaMachine;
  #calls!: CommandCall;

  /** For a machine that is still to be built; `setResp3` is told of setresp. */
  constructor(log: Log, setResp3: (resp3: boolean) => void) {
    this.#log = log;
    this.#setResp3 = setResp3;
  }

  attach(machine: LuaMachine, calls: CommandCall): void {
    this.#machine = machine;
    this.#calls = calls;
  }

  /** What scripts get. */
  functions(): Library {
    return {
      ...CONSTANTS,
      call: (L) => this.#calls.call(L, true),
      pcall: (L) => this.#calls.call(L, false),
      error_reply: (L) => this.#errorReply(L),
      status_reply: (L) => this.#statusReply(L),
      sha1hex: (L) => this.#sha1(L),
      log: (L) => this.#writeLog(L),
      setresp: (L) => this.#setProtocol(L),
      set_repl: (L) => this.#setReplication(L),
      acl_check_cmd: (L) => this.#checkCommand(L),
      replicate_commands: (L) => this.#boolean(L, true),
      // There is no debugger, so nothing to break into.
      breakpoint: (L) => this.#boolean(L, false),
      debug: () => 0,
    };
  }

  /** What a library of functions gets as it is loaded. */
  loading(): Library {
    return { ...CONSTANTS, log: (L) => this.#writeLog(L) };
  }

  #fail(L: LuaThread, text: string): number {
    return this.#calls.fail(L, `ERR ${text}`, true);
  }

  #boolean(L: LuaThread, value: boolean): number {
    this.#machine.module.api.lua_pushboolean(L, Number(value));
    return 1;
  }

  /** Whether there is one argument, a string. */
  #isOneString(L: LuaThread): boolean {
    const { api } = this.#machine.module;
    return api.lua_gettop(L) === 1 && api.lua_type(L, 1) === TYPE_STRING;
  }

  #errorReply(L: LuaThread): number {
    if (!this.#isOneString(L)) return this.#calls.fail(L, WRONG_ARGUMENTS, false);
    return this.#calls.fail(L, errorOf(this.#machine.module.text(L, 1)), false);
  }

  #statusReply(L: LuaThread): number {
    if (!this.#isOneString(L)) return this.#calls.fail(L, WRONG_ARGUMENTS, false);
    const { module } = this.#machine;
    module.api.lua_createtable(L, 0, 1);
    module.api.lua_pushvalue(L, 1);
    module.api.lua_setfield(L, -2, module.name('ok'));
    return 1;
  }

  #sha1(L: LuaThread): number {
    const { module } = this.#machine;
    const { api } = module;
    if (api.lua_gettop(L) !== 1) return this.#fail(L, 'wrong number of arguments');
    const type = api.lua_type(L, 1);
    const isText = type === TYPE_STRING || type === TYPE_NUMBER;
    const bytes = isText ? module.stringBytes(L, 1) : Buffer.alloc(0);
    module.pushText(L, hash('sha1', bytes, 'hex'));
    return 1;
  }

  #setProtocol(L: LuaThread): number {
    const { api } = this.#machine.module;
    if (api.lua_gettop(L) !== 1) return this.#fail(L, 'redis.setresp() requires one argument.');
    const version = api.lua_tonumber(L, 1);
    if (version !== 2 && version !== 3) return this.#fail(L, 'RESP version must be 2 or 3.');
    this.#calls.writer.resp3 = version === 3;
    this.#setResp3(version === 3);
    return 0;
  }

  #setReplication(L: LuaThread): number {
    const { api } = this.#machine.module;
    if (api.lua_gettop(L) !== 1) {
      return this.#fail(L, 'redis.set_repl() requires two arguments.');
    }
    const mask = api.lua_tonumber(L, 1);
    if (mask >= 0 && mask <= REPLICATE_ALL) {
      this.#calls.setUnlogged((mask & REPLICATE_AOF) === 0);
      return 0;
    }
    return this.#fail(
      L,
      'Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.',
    );
  }

  #checkCommand(L: LuaThread): number {
    const command = this.#calls.named(L);
    if (typeof command === 'string') return this.#fail(L, command);
    if (command === null) {
      return this.#fail(L, 'Invalid command passed to redis.acl_check_cmd()');
    }
    return this.#boolean(L, true);
  }

  #writeLog(L: LuaThread): number {
    const { module } = this.#machine;
    const { api } = module;
    const count = api.lua_gettop(L);
    if (count < 2) return this.#fail(L, 'redis.log() requires two arguments or more.');
    if (api.lua_type(L, 1) !== TYPE_NUMBER) {
      return this.#fail(L, 'First argument must be a number (log level).');
    }
    const level = LOG_LEVELS[Math.trunc(api.lua_tonumber(L, 1))];
    if (level === undefined) return this.#fail(L, 'Invalid debug level.');
    const words: string[] = [];
    for (let i = 2; i <= count; i++) {
      const type = api.lua_type(L, i);
      if (type === TYPE_STRING || type === TYPE_NUMBER) {
        words.push(module.stringBytes(L, i).toString());
      }
    }
    this.#log[level](words.join(' '));
    return 0;
  }
}

/** The text of an error: what stands before the first space is its code, which is ERR without. */
function errorOf(text: string): string {
  // As in C, it ends at a NUL.
  const whole = text.replace(/^-|\0.*$/gs, '');
  const space = whole.indexOf(' ');
  const code = space < 0 ? 'ERR' : whole.slice(0, space);
  return `${code} ${whole.slice(space + 1).replaceAll(/^[\r\n]+|[\r\n]+$/g, '')}`;
}

/** Major, minor and patch version in a byte each. */
function versionNumber(version: string): number {
  return version.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

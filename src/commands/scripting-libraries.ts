/** FUNCTION: libraries of functions. */
import { globMatch } from '../protocol/glob.ts';
import { losslessBytes } from '../protocol/lossless-text.ts';
import type { Reply } from '../protocol/reply.ts';
import type { Command } from './command.ts';
import { CommandError, unknownUse } from './errors.ts';
import { replyHelp } from './help.ts';
import { checkFlushMode } from './scripting-access.ts';
import type { LibraryFacts, RestorePolicy } from './services/scripting.ts';

const NO_LIBRARY = new CommandError('ERR Library not found');
const NO_FLUSH_MODE = new CommandError('ERR FUNCTION FLUSH only supports SYNC|ASYNC option');
const NO_PATTERN = new CommandError('ERR library name argument was not given');
const NO_POLICY = new CommandError(
  'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
);
/** A script is no function, and FUNCTION STATS does not tell of it. */
const BUSY_SCRIPT = new CommandError(
  'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
);
const ALL_SHARDS = ['request_policy:all_shards', 'response_policy:all_succeeded'] as const;

const deleteLibrary: Command = {
  name: 'DELETE',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Deletes a library with its functions.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'noscript'],
  tips: ALL_SHARDS,
  syntax: 'library-name',
  run({ services }, args, reply) {
    if (!services.functions.delete(args.text(2))) throw NO_LIBRARY;
    reply.ok();
  },
};

const dump: Command = {
  name: 'DUMP',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Returns all libraries as bytes for `FUNCTION RESTORE`.',
  complexity: 'O(N) where N is the number of libraries',
  arity: 2,
  flags: ['noscript'],
  run({ services }, _args, reply) {
    reply.blob(services.functions.dump());
  },
};

const flush: Command = {
  name: 'FLUSH',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Deletes all libraries.',
  complexity: 'O(N) where N is the number of functions',
  arity: -2,
  flags: ['write', 'noscript'],
  tips: ALL_SHARDS,
  syntax: '[async<ASYNC | SYNC>]',
  run({ services }, args, reply) {
    if (args.count > 3) throw unknownUse(args);
    checkFlushMode(args, 2, NO_FLUSH_MODE);
    services.functions.flush();
    reply.ok();
  },
};

const help: Command = {
  name: 'HELP',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Returns what the subcommands do.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale'],
  run(_context, _args, reply) {
    replyHelp(reply, functionContainer);
  },
};

const kill: Command = {
  name: 'KILL',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Ends the function that runs, unless it has written something.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'allow_busy'],
  tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
  run({ services }, _args, reply) {
    services.scripting.kill(true);
    reply.ok();
  },
};

const list: Command = {
  name: 'LIST',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Returns the libraries with their functions, and their code if that is wanted.',
  complexity: 'O(N) where N is the number of functions',
  arity: -2,
  flags: ['noscript'],
  tips: ['nondeterministic_output_order'],
  syntax: '[LIBRARYNAME library-name-pattern] [WITHCODE]',
  run({ services }, args, reply) {
    let withCode = false;
    let pattern: Buffer | null = null;
    for (let i = 2; i < args.count; i++) {
      if (!withCode && args.is(i, 'WITHCODE')) {
        withCode = true;
      } else if (pattern === null && args.is(i, 'LIBRARYNAME')) {
        if (++i === args.count) throw NO_PATTERN;
        pattern = args.copy(i);
      } else {
        throw new CommandError(`ERR Unknown argument ${args.text(i)}`);
      }
    }
    const all = services.functions.list();
    const chosen = all.filter(({ name }) => pattern === null || isMatch(pattern, name));
    reply.array(chosen.length);
    for (const library of chosen) replyLibrary(reply, library, withCode);
  },
};

const load: Command = {
  name: 'LOAD',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Loads a library from its code, and returns its name.',
  complexity: 'O(N) where N is the length of the code',
  arity: -3,
  flags: ['write', 'denyoom', 'noscript'],
  tips: ALL_SHARDS,
  syntax: '[REPLACE] function-code',
  run({ services }, args, reply) {
    let replaces = false;
    for (let i = 2; i < args.count - 1; i++) {
      if (!args.is(i, 'REPLACE')) {
        throw new CommandError(`ERR Unknown option given: ${args.text(i)}`);
      }
      replaces = true;
    }
    reply.text(services.functions.load(args.copy(args.count - 1), replaces));
  },
};

const restore: Command = {
  name: 'RESTORE',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Loads the libraries that `FUNCTION DUMP` has returned.',
  complexity: 'O(N) where N is the number of functions',
  arity: -3,
  flags: ['write', 'denyoom', 'noscript'],
  tips: ALL_SHARDS,
  syntax: 'serialized-value [policy<FLUSH | APPEND | REPLACE>]',
  run({ services }, args, reply) {
    if (args.count > 4) throw unknownUse(args);
    let policy: RestorePolicy = 'append';
    if (args.count === 4) {
      if (args.is(3, 'FLUSH')) policy = 'flush';
      else if (args.is(3, 'REPLACE')) policy = 'replace';
      else if (!args.is(3, 'APPEND')) throw NO_POLICY;
    }
    services.functions.restore(args.copy(2), policy);
    reply.ok();
  },
};

const stats: Command = {
  name: 'STATS',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Returns what runs, and how many libraries and functions there are.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'allow_busy'],
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  run({ services }, _args, reply) {
    const running = services.functions.running();
    if (running !== null && !running.isFunction) throw BUSY_SCRIPT;
    const libraries = services.functions.list();
    reply.map(2);
    reply.text('running_script');
    if (running === null) {
      reply.nil();
    } else {
      reply.map(3);
      reply.text('name');
      reply.text(running.name);
      reply.text('command');
      reply.array(running.command.length);
      for (const word of running.command) reply.blob(word);
      reply.text('duration_ms');
      reply.integer(running.milliseconds);
    }
    reply.text('engines');
    reply.map(1);
    reply.text('LUA');
    reply.map(2);
    reply.text('libraries_count');
    reply.integer(libraries.length);
    reply.text('functions_count');
    reply.integer(libraries.reduce((count, { functions }) => count + functions.length, 0));
  },
};

export const functionContainer: Command = {
  name: 'FUNCTION',
  group: 'scripting',
  since: '7.0.0',
  summary: 'Libraries of functions: a container of subcommands.',
  complexity: 'Depends on the subcommand',
  arity: -2,
  flags: [],
  subcommands: [deleteLibrary, dump, flush, help, kill, list, load, restore, stats],
};

function isMatch(pattern: Buffer, name: string): boolean {
  const bytes = Buffer.from(name, 'latin1');
  return globMatch(pattern, 0, pattern.length, bytes, 0, bytes.length, true);
}

function replyLibrary(reply: Reply, library: LibraryFacts, withCode: boolean): void {
  reply.map(withCode ? 4 : 3);
  reply.text('library_name');
  reply.text(library.name);
  reply.text('engine');
  reply.text('LUA');
  reply.text('functions');
  reply.array(library.functions.length);
  for (const { name, description, flags } of library.functions) {
    reply.map(3);
    reply.text('name');
    reply.text(name);
    reply.text('description');
    if (description === null) reply.nil();
    else reply.blob(losslessBytes(description));
    reply.text('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.status(flag);
  }
  if (!withCode) return;
  reply.text('library_code');
  reply.blob(library.code);
}

/** DEBUG: for tests and for looking into the server; only where enable-debug-command allows it. */
import { encodingName } from '../keyspace/encodings.ts';
import { type Entry, NO_ENTRY } from '../keyspace/entry.ts';
import type { Args } from '../protocol/args.ts';
import type { Command, Context, Handler } from './command.ts';
import { populate } from './debug-populate.ts';
import { replyExample } from './debug-protocol.ts';
import { Digest, digestOf, mixValue } from './digest.ts';
import { CommandError, NO_SUCH_KEY, unknownUse } from './errors.ts';
import { replyHelp } from './help.ts';
import { describeQuicklist, setPackedThreshold } from './list-debug.ts';
import { logListpack } from './listpack-debug.ts';
import { serializedBytes } from './serialized-size.ts';
import type { ReloadOptions } from './services/persistence.ts';

const NOT_ALLOWED = new CommandError(
  'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.',
);

const UNKNOWN_RELOAD = new CommandError(
  'ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.',
);
const NOT_RELOADED_FROM_LOG = new CommandError(
  'ERR Error trying to load the AOF files, check server logs.',
);
const NOT_RELOADED = new CommandError('ERR Error trying to load the RDB dump, check server logs.');

/** A subcommand. DEBUG describes none of them in COMMAND, so they are no commands of their own. */
interface Topic {
  readonly name: string;
  readonly syntax?: string;
  readonly summary: string;
  /** Number of arguments with both names; negative: at least so many. */
  readonly words: number;
  readonly run: Handler;
}

const TOPICS: readonly Topic[] = [
  {
    name: 'DIGEST',
    summary: 'Returns a digest of all data, equal on servers that hold the same.',
    words: 2,
    run({ keyspace }, _args, reply) {
      reply.status(digestOf(keyspace).toString());
    },
  },
  {
    name: 'DIGEST-VALUE',
    syntax: '[key...]',
    summary: 'Returns digests of the values of keys.',
    words: -2,
    run({ database }, args, reply) {
      reply.array(args.count - 2);
      const digest = new Digest();
      for (let i = 2; i < args.count; i++) {
        digest.clear();
        const entry = database.find(args, i);
        if (entry !== NO_ENTRY) mixValue(digest, database, entry);
        reply.status(digest.toString());
      }
    },
  },
  {
    name: 'ERROR',
    syntax: 'message',
    summary: 'Returns an error of this text.',
    words: 3,
    run(_context, args) {
      throw new CommandError(textOf(args, 2));
    },
  },
  {
    name: 'LISTPACK',
    syntax: 'key',
    summary: 'Logs how the value of a key that is a listpack lies in memory.',
    words: 3,
    run: logListpack,
  },
  {
    name: 'LOADAOF',
    summary: 'Loads the append-only file again, in place of the data.',
    words: 2,
    run({ client, services }) {
      if (!services.persistence.reloadLog(client)) throw NOT_RELOADED_FROM_LOG;
    },
  },
  {
    name: 'LOG',
    syntax: 'message',
    summary: "Puts a message into the server's log.",
    words: 3,
    run({ services }, args, reply) {
      services.lifecycle.log(`DEBUG LOG: ${textOf(args, 2)}`);
      reply.ok();
    },
  },
  {
    name: 'OBJECT',
    syntax: 'key',
    summary: 'Tells how the value of a key is held.',
    words: 3,
    run(context, args, reply) {
      const entry = context.database.find(args, 2);
      if (entry === NO_ENTRY) throw NO_SUCH_KEY;
      reply.status(describeEntry(context, entry));
    },
  },
  {
    name: 'POPULATE',
    syntax: 'count [prefix] [size]',
    summary: 'Makes so many strings whose keys begin with `key:` or another prefix.',
    words: -3,
    run: populate,
  },
  {
    name: 'PROTOCOL',
    syntax: 'type',
    summary:
      'Returns an example of a reply type: string, integer, double, bignum, null, array, set, map, attrib, push, verbatim, true or false.',
    words: 3,
    run(_context, args, reply) {
      replyExample(args.text(2), reply);
    },
  },
  {
    name: 'QUICKLIST-PACKED-THRESHOLD',
    syntax: 'size',
    summary: 'Says from how many bytes on an element of a large list stands alone; 0 for default.',
    words: 3,
    run: setPackedThreshold,
  },
  {
    name: 'RELOAD',
    syntax: '[MERGE] [NOFLUSH] [NOSAVE]',
    summary: 'Saves the data, empties the server and loads them again; or leaves out some of this.',
    words: -2,
    run({ services }, args, reply) {
      const problem = services.persistence.reload(reloadOptions(args));
      if (problem !== undefined) throw NOT_RELOADED;
      reply.ok();
    },
  },
  {
    name: 'SET-ACTIVE-EXPIRE',
    syntax: 'enabled<"0" | "1">',
    summary: 'Says whether keys are removed when they are due, or only when they are asked for.',
    words: 3,
    run({ keyspace }, args, reply) {
      keyspace.activeExpiry = leadingNumber(args, 2) !== 0;
      reply.ok();
    },
  },
  {
    name: 'SLEEP',
    syntax: 'seconds:double',
    summary: 'Stops the whole server for a while.',
    words: 3,
    run(_context, args, reply) {
      sleep(leadingNumber(args, 2) * 1000);
      reply.ok();
    },
  },
  {
    name: 'HELP',
    summary: 'Explains the subcommands.',
    words: 2,
    run(_context, _args, reply) {
      replyHelp(reply, { name: 'DEBUG', subcommands: TOPICS });
    },
  },
];

export const debug: Command = {
  name: 'DEBUG',
  group: 'server',
  since: '1.0.0',
  summary: 'Looks into the server, and makes it behave as tests need it.',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  docFlags: ['syscmd'],
  run(context, args, reply) {
    if (!context.services.debugging.allowed(context.client)) throw NOT_ALLOWED;
    const name = args.text(1).toUpperCase();
    const topic = TOPICS.find((each) => each.name === name);
    if (topic === undefined || !takes(topic.words, args.count)) throw unknownUse(args);
    topic.run(context, args, reply);
  },
};

function reloadOptions(args: Args): ReloadOptions {
  const given = new Set<string>();
  for (let i = 2; i < args.count; i++) {
    const word = ['MERGE', 'NOFLUSH', 'NOSAVE'].find((option) => args.is(i, option));
    if (word === undefined) throw UNKNOWN_RELOAD;
    given.add(word);
  }
  return {
    saves: !given.has('NOSAVE'),
    flushes: !given.has('NOFLUSH'),
    merges: given.has('MERGE'),
  };
}

function takes(words: number, count: number): boolean {
  return words < 0 ? count >= -words : count === words;
}

function describeEntry({ database, keyspace }: Context, entry: Entry): string {
  const { entries } = database;
  const { access } = keyspace;
  const clock = entries.clock(entry);
  const encoding = encodingName(entries.type(entry), entries.encoding(entry));
  const bytes = serializedBytes(database, entry);
  const idleSeconds = access.timing ? access.idleSeconds(clock) : 0;
  const address = (entry * 8).toString(16);
  return (
    `Value at:0x${address} refcount:1 encoding:${encoding} serializedlength:${bytes} ` +
    `lru:${clock} lru_seconds_idle:${idleSeconds}${describeQuicklist(database, entry)}`
  );
}

/** Argument `i` as the number that it begins with, 0 if it begins with none: what C makes of it. */
function leadingNumber(args: Args, i: number): number {
  const number = Number.parseFloat(args.text(i));
  return Number.isNaN(number) ? 0 : number;
}

/** Stops the thread. */
function sleep(milliseconds: number): void {
  if (milliseconds <= 0) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function textOf(args: Args, i: number): string {
  const start = args.start(i);
  return args.bytes.toString('utf8', start, start + args.length(i));
}

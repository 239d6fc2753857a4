/** Client-side caching: CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR. */
import type { Args } from '../protocol/args.ts';
import { losslessText } from '../protocol/lossless-text.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import type { TrackingOptions, TrackingState } from './services/tracking.ts';

const REDIRECTED_TWICE = new CommandError(
  'ERR A client can only redirect to a single other client',
);
const NO_RECEIVER = new CommandError('ERR The client ID you want redirect to does not exist');
const PREFIX_WITHOUT_BROADCAST = new CommandError(
  'ERR PREFIX option requires BCAST mode to be enabled',
);
const MODE_SWITCHED = new CommandError(
  "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const OPTION_WITH_BROADCAST = new CommandError(
  'ERR OPTIN and OPTOUT are not compatible with BCAST',
);
const BOTH_OPTIONS = new CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode");
const OPTION_SWITCHED = new CommandError(
  "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const NOT_OPTIONAL = new CommandError(
  'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
);
const NOT_OPTED_IN = new CommandError(
  'ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.',
);
const NOT_OPTED_OUT = new CommandError(
  'ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.',
);

/** More of a prefix is not given back in an error. */
const ECHO_BYTES_MAX = 128;

const EVERY_KEY: readonly Buffer[] = [Buffer.alloc(0)];

export const clientTracking: Command = {
  name: 'TRACKING',
  group: 'connection',
  since: '6.0.0',
  summary: 'Has this client, or another one, told of keys that it may have cached and that change.',
  complexity: 'O(1); with BCAST O(N*M), N and M being the prefixes of this client, old and new.',
  arity: -3,
  flags: ['noscript', 'loading', 'stale'],
  syntax: `
    status<ON | OFF> [REDIRECT client-id:integer] [PREFIX... prefix] [BCAST] [OPTIN] [OPTOUT]
    [NOLOOP]
  `,
  run(context, args, reply) {
    const { client, services } = context;
    const { options, prefixes } = readOptions(context, args);
    if (args.is(2, 'ON')) {
      requireCompatible(client.tracking, options, prefixes);
      requireDistinct(client.tracking?.prefixes() ?? [], prefixes);
      services.tracking.start(client, options, prefixes.length > 0 ? prefixes : EVERY_KEY);
    } else if (args.is(2, 'OFF')) {
      services.tracking.stop(client);
    } else {
      throw SYNTAX_ERROR;
    }
    reply.ok();
  },
};

export const clientCaching: Command = {
  name: 'CACHING',
  group: 'connection',
  since: '6.0.0',
  summary: 'Says whether the keys that the next command reads are tracked.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale'],
  syntax: 'mode<YES | NO>',
  run({ client: { tracking } }, args, reply) {
    if (tracking === null) throw NOT_OPTIONAL;
    const { optsIn, optsOut } = tracking.options;
    if (args.is(2, 'YES')) {
      if (!optsIn) throw NOT_OPTED_IN;
    } else if (!args.is(2, 'NO')) {
      throw SYNTAX_ERROR;
    } else if (!optsOut) {
      throw NOT_OPTED_OUT;
    }
    tracking.caching = true;
    reply.ok();
  },
};

export const clientTrackingInfo: Command = {
  name: 'TRACKINGINFO',
  group: 'connection',
  since: '6.2.0',
  summary: 'Tells whether and how this client tracks keys.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale'],
  run({ client: { tracking } }, _args, reply) {
    const flags = flagsOf(tracking);
    const prefixes = tracking?.prefixes() ?? [];
    reply.map(3);
    reply.text('flags');
    reply.set(flags.length);
    for (const flag of flags) reply.text(flag);
    reply.text('redirect');
    reply.integer(tracking?.options.redirect ?? -1);
    reply.text('prefixes');
    reply.array(prefixes.length);
    for (const prefix of prefixes) reply.blob(prefix);
  },
};

export const clientGetRedirection: Command = {
  name: 'GETREDIR',
  group: 'connection',
  since: '6.0.0',
  summary: 'Returns the id of the client that is told of invalid keys in place of this one.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale'],
  run({ client }, _args, reply) {
    reply.integer(client.tracking?.options.redirect ?? -1);
  },
};

function readOptions(
  { services: { clients } }: Context,
  args: Args,
): { options: TrackingOptions; prefixes: Buffer[] } {
  let redirect = 0;
  let broadcasts = false;
  let optsIn = false;
  let optsOut = false;
  let skipsOwn = false;
  const prefixes: Buffer[] = [];
  for (let i = 3; i < args.count; i++) {
    const hasMore = i + 1 < args.count;
    if (args.is(i, 'REDIRECT') && hasMore) {
      if (redirect !== 0) throw REDIRECTED_TWICE;
      redirect = integerAt(args, ++i);
      if (clients.byId(redirect) === undefined) throw NO_RECEIVER;
    } else if (args.is(i, 'PREFIX') && hasMore) {
      prefixes.push(args.copy(++i));
    } else if (args.is(i, 'BCAST')) broadcasts = true;
    else if (args.is(i, 'OPTIN')) optsIn = true;
    else if (args.is(i, 'OPTOUT')) optsOut = true;
    else if (args.is(i, 'NOLOOP')) skipsOwn = true;
    else throw SYNTAX_ERROR;
  }
  return { options: { redirect, broadcasts, optsIn, optsOut, skipsOwn }, prefixes };
}

/** Throws when options do not go together, or not with those that the client has. */
function requireCompatible(
  tracking: TrackingState | null,
  { broadcasts, optsIn, optsOut }: TrackingOptions,
  prefixes: readonly Buffer[],
): void {
  const old = tracking?.options;
  if (!broadcasts && prefixes.length > 0) throw PREFIX_WITHOUT_BROADCAST;
  if (old !== undefined && old.broadcasts !== broadcasts) throw MODE_SWITCHED;
  if (broadcasts && (optsIn || optsOut)) throw OPTION_WITH_BROADCAST;
  if (optsIn && optsOut) throw BOTH_OPTIONS;
  if ((optsIn && old?.optsOut) || (optsOut && old?.optsIn)) throw OPTION_SWITCHED;
}

/** Throws when a prefix begins with another: its keys would be told twice. */
function requireDistinct(old: readonly Buffer[], added: readonly Buffer[]): void {
  for (const [i, prefix] of added.entries()) {
    for (const other of old) {
      if (overlap(prefix, other)) {
        throw overlapping(prefix, `an existing prefix '${textOf(other)}'`);
      }
    }
    for (const other of added.slice(i + 1)) {
      if (overlap(prefix, other)) {
        throw overlapping(prefix, `another provided prefix '${textOf(other)}'`);
      }
    }
  }
}

function overlap(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length);
  return a.subarray(0, length).equals(b.subarray(0, length));
}

function overlapping(prefix: Buffer, other: string): CommandError {
  return new CommandError(
    `ERR Prefix '${textOf(prefix)}' overlaps with ${other}. Prefixes for a single client must not overlap.`,
  );
}

function textOf(prefix: Buffer): string {
  return losslessText(prefix, 0, Math.min(prefix.length, ECHO_BYTES_MAX));
}

function flagsOf(tracking: TrackingState | null): string[] {
  if (tracking === null) return ['off'];
  const { broadcasts, optsIn, optsOut, skipsOwn } = tracking.options;
  const flags = ['on'];
  if (broadcasts) flags.push('bcast');
  if (optsIn) flags.push('optin');
  if (optsIn && tracking.caching) flags.push('caching-yes');
  if (optsOut) flags.push('optout');
  if (optsOut && tracking.caching) flags.push('caching-no');
  if (skipsOwn) flags.push('noloop');
  if (tracking.isBroken) flags.push('broken_redirect');
  return flags;
}

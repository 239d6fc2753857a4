/** CLIENT INFO and CLIENT LIST: what is known of clients, a line for each. */
import type { Args } from '../protocol/args.ts';
import { kindAt, kindOf } from './client-kind.ts';
import { memoryOf } from './client-memory.ts';
import type { Command, Context } from './command.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import type { ClientState } from './services/clients.ts';

const INVALID_ID = new CommandError('ERR Invalid client ID');

export const clientInfo: Command = {
  name: 'INFO',
  group: 'connection',
  since: '6.2.0',
  summary: 'Describes this client.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output'],
  run(context, args, reply) {
    reply.verbatim('txt', describe(context.client, context, lengthOf(args)));
  },
};

export const clientList: Command = {
  name: 'LIST',
  group: 'connection',
  since: '2.4.0',
  summary: 'Describes all clients, or some of them.',
  complexity: 'O(N) where N is the number of clients',
  arity: -2,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  tips: ['nondeterministic_output'],
  syntax: `
    [TYPE client-type<NORMAL | MASTER | REPLICA | PUBSUB>@5.0.0] [ID client-id:integer...@6.2.0]
  `,
  history: [
    ['2.8.12', 'The field `id`.'],
    ['5.0.0', 'The filter `TYPE`.'],
    ['6.0.0', 'The field `user`.'],
    ['6.2.0', 'The fields `argv-mem`, `tot-mem`, `laddr` and `redir`, and the filter `ID`.'],
    ['7.0.0', 'The fields `resp`, `multi-mem`, `rbs` and `rbp`.'],
    ['7.0.3', 'The field `ssub`.'],
  ],
  run(context, args, reply) {
    const argumentBytes = lengthOf(args);
    // A client may be asked for any number of times.
    const lines = new Map<ClientState, string>();
    const clients = selected(context, args);
    for (const client of clients) {
      if (!lines.has(client)) lines.set(client, describe(client, context, argumentBytes));
    }
    reply.verbatim('txt', clients.map((client) => lines.get(client)).join(''));
  },
};

/** The clients that the arguments of CLIENT LIST ask for. */
function selected({ services: { clients } }: Context, args: Args): readonly ClientState[] {
  if (args.count === 2) return [...clients.all()];
  if (args.count === 4 && args.is(2, 'TYPE')) {
    const kind = kindAt(args, 3);
    return [...clients.all()].filter((client) => kindOf(client) === kind);
  }
  if (args.count < 4 || !args.is(2, 'ID')) throw SYNTAX_ERROR;
  const ids: number[] = [];
  for (let i = 3; i < args.count; i++) ids.push(integerAt(args, i, INVALID_ID));
  return ids.map((id) => clients.byId(id)).filter((client) => client !== undefined);
}

/** The line of one client; the caller holds `callerBytes` of arguments at the moment. */
function describe(client: ClientState, context: Context, callerBytes: number): string {
  const { transport, transaction } = client;
  const { nowMs } = context.keyspace;
  const memory = memoryOf(client, client === context.client ? callerBytes : 0);
  const fields: Readonly<Record<string, string | number>> = {
    id: client.id,
    addr: transport.address,
    laddr: transport.localAddress,
    fd: transport.fileDescriptor,
    name: client.name,
    age: secondsSince(client.createdMs, nowMs),
    idle: Math.max(0, context.keyspace.nowSeconds - client.activeSeconds),
    flags: flagsOf(client),
    db: client.databaseId,
    sub: client.subscriptions?.count('channels') ?? 0,
    psub: client.subscriptions?.count('patterns') ?? 0,
    ssub: client.subscriptions?.count('shardChannels') ?? 0,
    multi: transaction?.isOpen ? transaction.queuedCommands : -1,
    qbuf: memory.query,
    'qbuf-free': memory.queryFree,
    'argv-mem': memory.arguments,
    'multi-mem': memory.queued,
    // Replies are written into one buffer that all clients share: none has a fixed one of its own.
    rbs: 0,
    rbp: 0,
    obl: 0,
    oll: transport.outputChunks(),
    omem: memory.output,
    'tot-mem': memory.total,
    events: memory.output > 0 ? 'rw' : 'r',
    cmd: client.lastCommand,
    user: 'default',
    redir: client.tracking?.options.redirect ?? -1,
    resp: client.resp3 ? 3 : 2,
    'lib-name': client.libraryName,
    'lib-ver': client.libraryVersion,
  };
  const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return `${words.join(' ')}\n`;
}

function flagsOf(client: ClientState): string {
  let flags = '';
  if (client.monitoring) flags += 'O';
  if (client.subscriptions !== null) flags += 'P';
  if (client.transaction?.isOpen) flags += 'x';
  if (client.paused || client.waiting !== null) flags += 'b';
  if (client.tracking !== null) flags += 't';
  if (client.tracking?.isBroken) flags += 'R';
  if (client.tracking?.options.broadcasts) flags += 'B';
  if (client.transaction?.isTouched) flags += 'd';
  if (client.closing) flags += 'c';
  if (client.transport.kind === 'unix') flags += 'U';
  if (client.noEvict) flags += 'e';
  if (client.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}

/** Whole seconds, as Redis counts them: by the seconds of the clock that began in between. */
function secondsSince(thenMs: number, nowMs: number): number {
  return Math.max(0, Math.floor(nowMs / 1000) - Math.floor(thenMs / 1000));
}

function lengthOf(args: Args): number {
  let length = 0;
  for (let i = 0; i < args.count; i++) length += args.length(i);
  return length;
}

/** What a client can do to others: CLIENT KILL, PAUSE, UNPAUSE, UNBLOCK. */
import type { Args } from '../protocol/args.ts';
import { type Kind, kindAt, kindOf } from './client-kind.ts';
import type { Command, Context } from './command.ts';
import { CommandError, echo, SYNTAX_ERROR, unknownUse } from './errors.ts';
import { integerAt } from './options.ts';
import type { ClientState, PauseMode } from './services/clients.ts';

const NO_SUCH_CLIENT = new CommandError('ERR No such client');
const NOT_AN_ID = new CommandError('ERR client-id should be greater than 0');
const NOT_A_TIMEOUT = new CommandError('ERR timeout is not an integer or out of range');
const NEGATIVE_TIMEOUT = new CommandError('ERR timeout is negative');
const NOT_A_PAUSE_MODE = new CommandError('ERR CLIENT PAUSE mode must be WRITE or ALL');
const NOT_A_REASON = new CommandError('ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR');

/** Whom CLIENT KILL means; what is left out fits everybody. */
interface KillFilter {
  id?: number;
  address?: string;
  localAddress?: string;
  kind?: Kind;
  skipsCaller: boolean;
}

export const clientKill: Command = {
  name: 'KILL',
  group: 'connection',
  since: '2.4.0',
  summary: 'Closes connections.',
  complexity: 'O(N) where N is the number of clients',
  arity: -3,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  syntax: `
    filter<old-format"ip:port"!2.8.12 | new-format<[ID client-id:integer@2.8.12] |
      [TYPE client-type<NORMAL | MASTER@3.2.0 | SLAVE | REPLICA@5.0.0 | PUBSUB>@2.8.12] |
      [USER username] | [ADDR addr"ip:port"] | [LADDR laddr"ip:port"@6.2.0] |
      [SKIPME skipme<YES | NO>]>...>
  `,
  history: [
    ['2.8.12', 'Filters, in place of one address.'],
    ['2.8.12', 'The filter `ID`.'],
    ['3.2.0', 'The type `master`.'],
    ['5.0.0', 'The type `replica`, which `slave` now means too.'],
    ['6.2.0', 'The filter `LADDR`.'],
  ],
  run(context, args, reply) {
    if (args.count === 3) {
      const address = addressAt(args, 2);
      if (killAll(context, { address, skipsCaller: false }) === 0) throw NO_SUCH_CLIENT;
      reply.ok();
    } else {
      reply.integer(killAll(context, readKillFilter(args)));
    }
  },
};

export const clientPause: Command = {
  name: 'PAUSE',
  group: 'connection',
  since: '3.0.0',
  summary: 'Holds back the commands of all clients for a while, or only those that write.',
  complexity: 'O(1)',
  arity: -3,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  syntax: 'timeout:integer [mode<WRITE | ALL>@6.2.0]',
  history: [['6.2.0', 'The modes `WRITE` and `ALL`.']],
  run({ services }, args, reply) {
    if (args.count > 4) throw unknownUse(args);
    const mode = args.count === 4 ? pauseModeAt(args, 3) : 'all';
    services.clients.pause(mode, durationMsAt(args, 2));
    reply.ok();
  },
};

export const clientUnpause: Command = {
  name: 'UNPAUSE',
  group: 'connection',
  since: '6.2.0',
  summary: 'Lets the clients go on that `CLIENT PAUSE` has stopped.',
  complexity: 'O(N) where N is the number of clients that were stopped',
  arity: 2,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  run({ services }, _args, reply) {
    services.clients.unpause();
    reply.ok();
  },
};

export const clientUnblock: Command = {
  name: 'UNBLOCK',
  group: 'connection',
  since: '5.0.0',
  summary: 'Ends the wait of a client that a blocking command has made wait.',
  complexity: 'O(log N) where N is the number of clients',
  arity: -3,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  syntax: 'client-id:integer [unblock-type<TIMEOUT | ERROR>]',
  run({ services: { blocking, clients } }, args, reply) {
    if (args.count > 4) throw unknownUse(args);
    const isError = args.count === 4 && args.is(3, 'ERROR');
    if (args.count === 4 && !isError && !args.is(3, 'TIMEOUT')) throw NOT_A_REASON;
    const client = clients.byId(integerAt(args, 2));
    const waited = client !== undefined && blocking.unblock(client, isError ? 'error' : 'timeout');
    reply.integer(waited ? 1 : 0);
  },
};

function readKillFilter(args: Args): KillFilter {
  const filter: KillFilter = { skipsCaller: true };
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 === args.count) throw SYNTAX_ERROR;
    if (args.is(i, 'ID')) filter.id = idAt(args, i + 1);
    else if (args.is(i, 'TYPE')) filter.kind = kindAt(args, i + 1);
    else if (args.is(i, 'ADDR')) filter.address = addressAt(args, i + 1);
    else if (args.is(i, 'LADDR')) filter.localAddress = addressAt(args, i + 1);
    else if (args.is(i, 'USER')) requireUser(args, i + 1);
    else if (args.is(i, 'SKIPME')) filter.skipsCaller = yesOrNo(args, i + 1);
    else throw SYNTAX_ERROR;
  }
  return filter;
}

/** Closes every client that the filter fits; how many there were. */
function killAll({ client, services: { clients } }: Context, filter: KillFilter): number {
  const victims = [...clients.all()].filter((each) => {
    return fits(filter, each) && !(filter.skipsCaller && each === client);
  });
  for (const victim of victims) clients.kill(victim, client);
  return victims.length;
}

function fits({ id, address, localAddress, kind }: KillFilter, client: ClientState): boolean {
  return (
    (id === undefined || client.id === id) &&
    (address === undefined || client.transport.address === address) &&
    (localAddress === undefined || client.transport.localAddress === localAddress) &&
    (kind === undefined || kindOf(client) === kind)
  );
}

function idAt(args: Args, i: number): number {
  const id = integerAt(args, i, NOT_AN_ID);
  if (id < 1) throw NOT_AN_ID;
  return id;
}

/** `ip:port`, or the path of a Unix socket and `:0`. */
function addressAt(args: Args, i: number): string {
  const start = args.start(i);
  return args.bytes.toString('utf8', start, start + args.length(i));
}

/** All clients are the one user that there is, so there is nothing to filter by. */
function requireUser(args: Args, i: number): void {
  if (args.text(i) !== 'default') throw new CommandError(`ERR No such user '${echo(args, i)}'`);
}

function yesOrNo(args: Args, i: number): boolean {
  if (args.is(i, 'YES')) return true;
  if (args.is(i, 'NO')) return false;
  throw SYNTAX_ERROR;
}

function pauseModeAt(args: Args, i: number): PauseMode {
  if (args.is(i, 'WRITE')) return 'write';
  if (args.is(i, 'ALL')) return 'all';
  throw NOT_A_PAUSE_MODE;
}

function durationMsAt(args: Args, i: number): number {
  const durationMs = integerAt(args, i, NOT_A_TIMEOUT);
  if (durationMs < 0) throw NEGATIVE_TIMEOUT;
  return durationMs;
}

/** CLIENT: what a client tells of itself, and wishes for itself. */
import type { Args } from '../protocol/args.ts';
import { clientKill, clientPause, clientUnblock, clientUnpause } from './client-control.ts';
import { clientInfo, clientList } from './client-list.ts';
import { CLIENT_NAMES, requirePlainName } from './client-names.ts';
import {
  clientCaching,
  clientGetRedirection,
  clientTracking,
  clientTrackingInfo,
} from './client-tracking.ts';
import type { Command } from './command.ts';
import { CommandError, echo, SYNTAX_ERROR } from './errors.ts';
import { replyHelp } from './help.ts';
import { REPLY_OFF, REPLY_ON, REPLY_SKIP_NEXT } from './services/clients.ts';

const GET_NAME: Command = {
  name: 'GETNAME',
  group: 'connection',
  since: '2.6.9',
  summary: 'Returns the name of this client.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale'],
  run({ client }, _args, reply) {
    if (client.name === '') reply.nil();
    else reply.text(client.name);
  },
};

const HELP: Command = {
  name: 'HELP',
  group: 'connection',
  since: '5.0.0',
  summary: 'Explains the subcommands.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale'],
  run(_context, _args, reply) {
    replyHelp(reply, client);
  },
};

const ID: Command = {
  name: 'ID',
  group: 'connection',
  since: '5.0.0',
  summary: 'Returns the id of this client.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['noscript', 'loading', 'stale'],
  run({ client }, _args, reply) {
    reply.integer(client.id);
  },
};

const NO_EVICT: Command = {
  name: 'NO-EVICT',
  group: 'connection',
  since: '7.0.0',
  summary: 'Keeps this client connected when all of them together use too much memory.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  syntax: 'enabled<ON | OFF>',
  run({ client }, args, reply) {
    client.noEvict = onOrOff(args, 2);
    reply.ok();
  },
};

const NO_TOUCH: Command = {
  name: 'NO-TOUCH',
  group: 'connection',
  since: '7.2.0',
  summary: 'Lets this client read keys without marking them as used.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale'],
  syntax: 'enabled<ON | OFF>',
  run({ client }, args, reply) {
    client.noTouch = onOrOff(args, 2);
    reply.ok();
  },
};

const REPLY: Command = {
  name: 'REPLY',
  group: 'connection',
  since: '3.2.0',
  summary: 'Withholds the replies to this client, or the next one.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale'],
  syntax: 'action<ON | OFF | SKIP>',
  run({ client }, args, reply) {
    if (args.is(2, 'ON')) {
      client.replies = REPLY_ON;
      reply.ok();
    } else if (args.is(2, 'OFF')) {
      client.replies = REPLY_OFF;
    } else if (!args.is(2, 'SKIP')) {
      throw SYNTAX_ERROR;
    } else if (client.replies !== REPLY_OFF) {
      client.replies = REPLY_SKIP_NEXT;
    }
  },
};

const SET_INFO: Command = {
  name: 'SETINFO',
  group: 'connection',
  since: '7.2.0',
  summary: 'Says which library this client uses.',
  complexity: 'O(1)',
  arity: 4,
  flags: ['noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  syntax: 'attr<LIB-NAME libname | LIB-VER libver>',
  run({ client }, args, reply) {
    const attribute = args.text(2).toUpperCase();
    if (attribute !== 'LIB-NAME' && attribute !== 'LIB-VER') {
      throw new CommandError(`ERR Unrecognized option '${echo(args, 2)}'`);
    }
    requirePlainName(args, 3, args.text(2));
    if (attribute === 'LIB-NAME') client.libraryName = args.text(3);
    else client.libraryVersion = args.text(3);
    reply.ok();
  },
};

const SET_NAME: Command = {
  name: 'SETNAME',
  group: 'connection',
  since: '2.6.9',
  summary: 'Gives this client a name.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['noscript', 'loading', 'stale'],
  tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
  syntax: 'connection-name',
  run({ client }, args, reply) {
    requirePlainName(args, 2, CLIENT_NAMES);
    client.name = args.text(2);
    reply.ok();
  },
};

export const client: Command = {
  name: 'CLIENT',
  group: 'connection',
  since: '2.4.0',
  summary: 'Deals with the clients of the server.',
  complexity: 'Depends on subcommand.',
  arity: -2,
  flags: [],
  subcommands: [
    clientCaching,
    GET_NAME,
    clientGetRedirection,
    HELP,
    ID,
    clientInfo,
    clientKill,
    clientList,
    NO_EVICT,
    NO_TOUCH,
    clientPause,
    REPLY,
    SET_INFO,
    SET_NAME,
    clientTracking,
    clientTrackingInfo,
    clientUnblock,
    clientUnpause,
  ],
};

function onOrOff(args: Args, i: number): boolean {
  if (args.is(i, 'ON')) return true;
  if (args.is(i, 'OFF')) return false;
  throw SYNTAX_ERROR;
}

/** Talking to the server at all: login, protocol, database. */
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { CLIENT_NAMES, requirePlainName } from './client-names.ts';
import type { Command, Context } from './command.ts';
import { databaseAt } from './database-index.ts';
import { CommandError, echo, SYNTAX_ERROR, wrongArity } from './errors.ts';
import { integerAt } from './options.ts';
import { allArguments, secretsOfHello } from './secrets.ts';
import { REDIS_VERSION } from './version.ts';

/** The only user there is. */
const DEFAULT_USER = 'default';

const PROTOCOL_MIN = 2;
const PROTOCOL_MAX = 3;

const WRONG_PASSWORD = new CommandError(
  'WRONGPASS invalid username-password pair or user is disabled.',
);
const NO_PASSWORD_SET = new CommandError(
  'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
);
const HELLO_NEEDS_AUTHENTICATION = new CommandError(
  'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
);
const NO_PROTOCOL_VERSION = new CommandError(
  'ERR Protocol version is not an integer or out of range',
);
const UNSUPPORTED_PROTOCOL = new CommandError('NOPROTO unsupported protocol version');

export const ping: Command = {
  name: 'PING',
  group: 'connection',
  since: '1.0.0',
  summary: 'Answers PONG, or with the message it is given.',
  complexity: 'O(1)',
  arity: -1,
  flags: ['fast'],
  tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
  syntax: '[message]',
  run({ client }, args, reply) {
    if (client.subscriptions !== null && !client.resp3) replyPongMessage(args, reply);
    else if (args.count === 1) reply.status('PONG');
    else if (args.count === 2) replyArgument(args, 1, reply);
    else throw wrongArity('ping');
  },
};

export const echoCommand: Command = {
  name: 'ECHO',
  group: 'connection',
  since: '1.0.0',
  summary: 'Answers with the message it is given.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale', 'fast'],
  syntax: 'message',
  run(_context, args, reply) {
    replyArgument(args, 1, reply);
  },
};

export const auth: Command = {
  name: 'AUTH',
  group: 'connection',
  since: '1.0.0',
  summary: 'Logs in with a password.',
  complexity: 'O(N) where N is the number of passwords of the user',
  arity: -2,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  syntax: '[username@6.0.0] password',
  history: [['6.0.0', 'A user name in front of the password.']],
  secrets: allArguments,
  run(context, args, reply) {
    if (args.count > 3) throw SYNTAX_ERROR;
    if (args.count === 2 && !context.services.password.required) throw NO_PASSWORD_SET;
    logIn(context, args, args.count === 3 ? 1 : 0, args.count - 1);
    reply.ok();
  },
};

export const hello: Command = {
  name: 'HELLO',
  group: 'connection',
  since: '6.0.0',
  summary: 'Names the server, and chooses the protocol; can log in and name the client as well.',
  complexity: 'O(1)',
  arity: -1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  syntax: `
    [arguments(protover:integer [AUTH auth(username password)] [SETNAME clientname])]
  `,
  history: [['6.2.0', 'May be called without a protocol version, to learn that in use.']],
  secrets: secretsOfHello,
  run(context, args, reply) {
    const { client } = context;
    const protocol = args.count > 1 ? protocolAt(args, 1) : undefined;
    const { user, name } = readHelloOptions(args);
    if (user > 0) logIn(context, args, user, user + 1);
    if (!client.authenticated) throw HELLO_NEEDS_AUTHENTICATION;
    if (name > 0) client.name = args.text(name);
    if (protocol !== undefined) speak(context, reply, protocol === PROTOCOL_MAX);
    reply.map(7);
    reply.text('server');
    reply.text('redis');
    reply.text('version');
    reply.text(REDIS_VERSION);
    reply.text('proto');
    reply.integer(client.resp3 ? PROTOCOL_MAX : PROTOCOL_MIN);
    reply.text('id');
    reply.integer(client.id);
    reply.text('mode');
    reply.text('standalone');
    reply.text('role');
    reply.text('master');
    reply.text('modules');
    reply.array(0);
  },
};

export const select: Command = {
  name: 'SELECT',
  group: 'connection',
  since: '1.0.0',
  summary: 'Changes the database of this connection.',
  complexity: 'O(1)',
  arity: 2,
  flags: ['loading', 'stale', 'fast'],
  syntax: 'index:integer',
  run(context, args, reply) {
    context.database = databaseAt(context, args, 1);
    reply.ok();
  },
};

export const quit: Command = {
  name: 'QUIT',
  group: 'connection',
  since: '1.0.0',
  summary: 'Closes the connection once all replies are sent.',
  complexity: 'O(1)',
  arity: -1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  deprecated: { since: '7.2.0', replacedBy: 'closing the connection from the side of the client' },
  isQueued: false,
  run({ client }, _args, reply) {
    client.closeAfterReply();
    reply.ok();
  },
};

export const reset: Command = {
  name: 'RESET',
  group: 'connection',
  since: '6.2.0',
  summary: 'Brings the connection back to the state of a new one.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast', 'no_auth', 'allow_busy'],
  isQueued: false,
  run({ client }, _args, reply) {
    client.reset();
    reply.resp3 = client.resp3;
    reply.status('RESET');
  },
};

/** A subscriber of RESP2 is answered in the form of a message. */
function replyPongMessage(args: Args, reply: Reply): void {
  if (args.count > 2) throw wrongArity('ping');
  reply.array(2);
  reply.text('pong');
  if (args.count === 2) replyArgument(args, 1, reply);
  else reply.text('');
}

function replyArgument(args: Args, i: number, reply: Reply): void {
  reply.bulk(args.bytes, args.view, args.start(i), args.length(i));
}

/**
 * Logs in with the password in one argument, as the user named in another; 0 is the default user.
 */
function logIn({ client, services }: Context, args: Args, user: number, password: number): void {
  const known = user === 0 || args.text(user) === DEFAULT_USER;
  const start = args.start(password);
  const given = args.bytes.subarray(start, start + args.length(password));
  // The password is checked in any case, so that the time it takes does not tell which was wrong.
  const matches = !services.password.required || services.password.matches(given);
  // It must not lie in the input buffer until something else overwrites it.
  given.fill(0);
  if (!known || !matches) throw WRONG_PASSWORD;
  client.authenticated = true;
}

function protocolAt(args: Args, i: number): number {
  const version = integerAt(args, i, NO_PROTOCOL_VERSION);
  if (version < PROTOCOL_MIN || version > PROTOCOL_MAX) throw UNSUPPORTED_PROTOCOL;
  return version;
}

/** Where HELLO's options are, 0 for one that is not given: the last of each kind counts. */
function readHelloOptions(args: Args): { user: number; name: number } {
  let user = 0;
  let name = 0;
  for (let i = 2; i < args.count; i++) {
    const left = args.count - 1 - i;
    if (args.is(i, 'AUTH') && left >= 2) {
      user = i + 1;
      i += 2;
    } else if (args.is(i, 'SETNAME') && left >= 1) {
      name = i + 1;
      requirePlainName(args, name, CLIENT_NAMES);
      i++;
    } else {
      throw new CommandError(`ERR Syntax error in HELLO option '${echo(args, i)}'`);
    }
  }
  return { user, name };
}

function speak({ client }: Context, reply: Reply, resp3: boolean): void {
  client.resp3 = resp3;
  reply.resp3 = resp3;
}

/**
 * Commands that do not answer with exactly one reply: with several, with none, or with more to
 * come. Callers that take one reply per command, the text protocol and the embedded API, refuse
 * them.
 */
import type { Args } from '../protocol/args.ts';
import { CommandError } from './errors.ts';
import type { CommandCatalog } from './services/catalog.ts';

const NOT_ONE_REPLY: ReadonlySet<string> = new Set([
  'MONITOR',
  'PSUBSCRIBE',
  'PSYNC',
  'PUNSUBSCRIBE',
  'REPLCONF',
  'SSUBSCRIBE',
  'SUBSCRIBE',
  'SUNSUBSCRIBE',
  'SYNC',
  'UNSUBSCRIBE',
]);

const NOT_ONE_REPLY_OF_CLIENT: readonly string[] = ['REPLY', 'TRACKING'];

/** Throws CommandError when a request is for one of them. */
export function requireOneReply(catalog: CommandCatalog, args: Args): void {
  // Under whatever name the client knows it.
  const name = catalog.byName(args.text(0))?.name;
  if (name === undefined) return;
  if (NOT_ONE_REPLY.has(name)) throw notOneReply(name);
  if (name !== 'CLIENT' || args.count < 2) return;
  const subcommand = NOT_ONE_REPLY_OF_CLIENT.find((word) => args.is(1, word));
  if (subcommand !== undefined) throw notOneReply(`${name} ${subcommand}`);
}

function notOneReply(name: string): CommandError {
  return new CommandError(
    `ERR ${name} is not available here, where every command gets exactly one reply`,
  );
}

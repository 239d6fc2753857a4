/**
 * Commands that do not answer with exactly one reply: with several, with none, or with more to come. Callers that
 * take one reply per command, the text protocol and the embedded API, refuse them.
 */
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

const NOT_ONE_REPLY_OF_CLIENT: ReadonlySet<string> = new Set(['REPLY', 'TRACKING']);

/**
 * Throws CommandError when a command is one of them. `name` and `subcommand`, the first two words of a request, are
 * in any case; the latter may be empty.
 */
export function requireOneReply(catalog: CommandCatalog, name: string, subcommand: string): void {
  // Under whatever name the client knows it.
  const command = catalog.byName(name)?.name;
  if (command === undefined) return;
  if (NOT_ONE_REPLY.has(command)) throw notOneReply(command);
  if (command !== 'CLIENT') return;
  const upper = subcommand.toUpperCase();
  if (NOT_ONE_REPLY_OF_CLIENT.has(upper)) throw notOneReply(`${command} ${upper}`);
}

function notOneReply(name: string): CommandError {
  return new CommandError(
    `ERR ${name} is not available here, where every command gets exactly one reply`,
  );
}

/** The kinds of clients that CLIENT LIST and CLIENT KILL can ask for. */
import type { Args } from '../protocol/args.ts';
import { CommandError, echo } from './errors.ts';
import type { ClientState } from './services/clients.ts';

export type Kind = 'normal' | 'master' | 'replica' | 'pubsub';

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['normal', 'normal'],
  ['master', 'master'],
  ['replica', 'replica'],
  ['slave', 'replica'],
  ['pubsub', 'pubsub'],
]);

/** The kind that argument `i` names, whatever its case. */
export function kindAt(args: Args, i: number): Kind {
  const kind = KINDS.get(args.text(i).toLowerCase());
  if (kind === undefined) throw new CommandError(`ERR Unknown client type '${echo(args, i)}'`);
  return kind;
}

/**
 * Which kind a client is. One that runs MONITOR is normal, and so is any that neither subscribes
 * nor replicates.
 */
export function kindOf({ subscriptions }: ClientState): Kind {
  return subscriptions === null ? 'normal' : 'pubsub';
}

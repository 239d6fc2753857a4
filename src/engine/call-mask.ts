/** The flags of what a call runs, which are not always those of its command. */
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type { Args } from '../protocol/args.ts';
import type { Session } from './session.ts';

const { denyoom, may_replicate, stale, write } = FLAG_BITS;

/** EXEC has the flags of its commands as well, a script those that it asks for. */
export function maskOf(session: Session, command: RegisteredCommand, args: Args): number {
  const { mask, scriptFlags } = command;
  if (scriptFlags !== undefined) return scriptMask(mask, scriptFlags(session, args));
  const { transaction } = session;
  return command.fullName === 'exec' && transaction !== null ? mask | transaction.mask : mask;
}

function scriptMask(mask: number, flags: readonly string[] | null): number {
  // A script that says nothing of itself may do whatever its command may.
  if (flags === null) return mask;
  const isReadOnly = flags.includes('no-writes');
  let own = mask & ~(denyoom | may_replicate | stale | write);
  if (!isReadOnly) own |= write;
  if (!isReadOnly && !flags.includes('allow-oom')) own |= denyoom;
  if (flags.includes('allow-stale')) own |= stale;
  return own;
}

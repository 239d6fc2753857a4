/** What stands in logs and in MONITOR for arguments that are nobody's business. */
import type { RegisteredCommand } from '../commands/registry.ts';
import type { Args } from '../protocol/args.ts';
import type { Session } from './session.ts';

export const REDACTED: Buffer = Buffer.from('(redacted)');

const NONE: readonly number[] = [];

/** The indexes of a call's arguments that may not be shown. */
export function secretsOf(
  session: Session,
  command: RegisteredCommand,
  args: Args,
): readonly number[] {
  return command.command.secrets?.(args, session.services) ?? NONE;
}

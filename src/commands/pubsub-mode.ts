/**
 * What is special about clients that subscribe: in RESP2, where they could not tell a reply from a
 * message, they may run few commands.
 */
import { CommandError } from './errors.ts';

/** They answer with messages, however many, even when the client wants no replies. */
const SUBSCRIPTION_COMMANDS: ReadonlySet<string> = new Set([
  'psubscribe',
  'punsubscribe',
  'ssubscribe',
  'subscribe',
  'sunsubscribe',
  'unsubscribe',
]);

const ALLOWED_BESIDE: ReadonlySet<string> = new Set(['ping', 'quit', 'reset']);

/** Whether the command of this full name begins or ends subscriptions. */
export function isSubscriptionCommand(fullName: string): boolean {
  return SUBSCRIPTION_COMMANDS.has(fullName);
}

/** Throws CommandError when a subscriber that speaks RESP2 may not run the command. */
export function requireAllowedToSubscriber(fullName: string): void {
  if (SUBSCRIPTION_COMMANDS.has(fullName) || ALLOWED_BESIDE.has(fullName)) return;
  throw new CommandError(
    `ERR Can't execute '${fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
  );
}

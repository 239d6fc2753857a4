/** What the executor asks about a call: small rules that need nothing of its state. */
import { CommandError, unknownCommand, unknownSubcommand, wrongArity } from '../commands/errors.ts';
import { requireAllowedToSubscriber } from '../commands/pubsub-mode.ts';
import { BRIEF, FLAG_BITS, type RegisteredCommand, type Registry } from '../commands/registry.ts';
import { REPLY_OFF, REPLY_ON, REPLY_SKIP, REPLY_SKIP_NEXT } from '../commands/services/clients.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import type { Args } from '../protocol/args.ts';
import type { Session } from './session.ts';

/** A longer last argument, the value of most commands that have one, takes time to copy. */
const BRIEF_ARGUMENT_BYTES_MAX = 16 * 1024;
/** So do many members or fields. */
const BRIEF_ARGUMENTS_MAX = 64;

/** To Redis a client that watches with MONITOR is a kind of replica. */
const NO_KEYS_FOR_MONITORS = new CommandError("ERR Replica can't interact with the keyspace");
/** Commands that MONITOR does not show. */
const UNSEEN = FLAG_BITS.skip_monitor | FLAG_BITS.admin;
const CONCERNS_KEYS = FLAG_BITS.readonly | FLAG_BITS.write | FLAG_BITS.may_replicate;

/**
 * Whether a call is over in about a microsecond whatever the data: its command says so, of itself
 * or of this call, and what it may copy is small.
 */
export function isBrief(command: RegisteredCommand, args: Args): boolean {
  if ((command.mask & BRIEF) === 0) return command.command.isBrief?.(args) === true;
  if (args.count > BRIEF_ARGUMENTS_MAX) return false;
  return args.length(args.count - 1) <= BRIEF_ARGUMENT_BYTES_MAX;
}

/**
 * The same for a command that has waited: it takes one element of one key. Those that say how many
 * keys there are say also how many elements.
 */
export function isBriefToServe(command: RegisteredCommand): boolean {
  return (command.mask & FLAG_BITS.movablekeys) === 0;
}

/** The command, or subcommand, that the arguments name. Throws when there is none. */
export function findCommand(registry: Registry, args: Args): RegisteredCommand {
  const command = registry.find(args);
  if (command === null) throw unknownCommand(args);
  if (command.subcommands.size === 0 || args.count < 2) return command;
  const sub = command.subcommands.get(args.text(1).toLowerCase());
  if (sub === undefined) throw unknownSubcommand(args, command.command.name);
  return sub;
}

/** What a client is told; what is no client's business is thrown on. */
export function errorText(problem: unknown): string {
  if (problem instanceof CommandError) return problem.text;
  if (problem instanceof OutOfMemoryError) return `OOM ${problem.message}`;
  throw problem;
}

/**
 * Makes a refusal known to the transaction that the command may be meant for; returns what the
 * client is told. The refusal of EXEC itself ends the transaction.
 */
export function spoilTransaction(
  session: Session,
  command: RegisteredCommand | null,
  text: string,
): string {
  if (command?.fullName !== 'exec') {
    if (session.queueing) session.services.transactions.spoil(session);
    return text;
  }
  session.services.transactions.discard(session);
  return `EXECABORT Transaction discarded because of: ${text.replace(/^ERR /, '')}`;
}

/** Whether MONITOR shows a call, that ran or was refused: an EXEC ends what it has shown before. */
export function isShown(command: RegisteredCommand | null, ran: boolean): boolean {
  return command !== null && (ran || command.fullName === 'exec') && (command.mask & UNSEEN) === 0;
}

/** After a command: what CLIENT REPLY SKIP has asked for begins, or is done. */
export function passSkip(session: Session): void {
  if (session.replies === REPLY_SKIP) session.replies = REPLY_ON;
  else if (session.replies === REPLY_SKIP_NEXT) session.replies = REPLY_SKIP;
}

/** Whether the client hears of the command that runs. */
export function isAnswered({ replies }: Session): boolean {
  return replies !== REPLY_OFF && replies !== REPLY_SKIP;
}

/**
 * Whether this is the start of an HTTP request: a page in somebody's browser talks to a port of his
 * machine, and must not get any further.
 */
export function isHttp(args: Args): boolean {
  const word = args.length(0) <= 5 ? args.text(0).toLowerCase() : '';
  return word === 'post' || word === 'host:';
}

/** Throws when a command does not take so many arguments. */
export function requireArity(command: RegisteredCommand, count: number): void {
  const { arity } = command;
  const fits = arity < 0 ? count >= -arity : count === arity;
  if (!fits || command.run === undefined) throw wrongArity(command.fullName);
}

/** Throws when a command is not for a client that subscribes, or one that watches with MONITOR. */
export function requireAllowedToListener(
  session: Session,
  { fullName, mask }: RegisteredCommand,
): void {
  if (session.subscriptions !== null && !session.resp3) requireAllowedToSubscriber(fullName);
  if (session.monitoring && (mask & CONCERNS_KEYS) !== 0) throw NO_KEYS_FOR_MONITORS;
}

/** Whether a command may run in the middle of a script: what ends it, SHUTDOWN if it is at once. */
export function isAllowedWhileBusy(command: RegisteredCommand, args: Args): boolean {
  if ((command.mask & FLAG_BITS.allow_busy) === 0) return false;
  if (command.fullName !== 'shutdown') return true;
  for (let i = 1; i < args.count; i++) {
    if (args.is(i, 'NOSAVE') || args.is(i, 'ABORT')) return true;
  }
  return false;
}

/** Lets sessions that were stopped go on, in their order; one of them may stop them again. */
export function resumeHeld(held: Set<Session>): void {
  for (const session of [...held]) {
    held.delete(session);
    session.transport.resume();
  }
}

/**
 * What a line of the text protocol asks for: the commands of the server, some words that are only understood there,
 * and not those commands that cannot keep to one line of reply for one line of request.
 *
 *   PASS password          AUTH password
 *   DELETE key [key ...]   DEL key [key ...], answered with OK, or with nil when there was none of the keys
 *   SET key value seconds  SET key value EX seconds
 */
import { CommandError, wrongArity } from '../commands/errors.ts';
import type { CommandCatalog } from '../commands/services/catalog.ts';
import { isInteger64 } from '../protocol/numbers.ts';
import { type ReplyValue, StatusReply } from '../protocol/value-writer.ts';

/** A line as the engine gets it. */
export interface TextRequest {
  readonly words: readonly Buffer[];
  /** What the client is told when the command answers this. */
  readonly answer: (reply: ReplyValue) => ReplyValue;
}

const AUTH = Buffer.from('AUTH');
const DEL = Buffer.from('DEL');
const EX = Buffer.from('EX');
const DELETED = new StatusReply('OK');

/** They answer with more than one reply, with none, or go on sending. */
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

/** Subcommands of CLIENT that do. */
const NOT_ONE_REPLY_OF_CLIENT: ReadonlySet<string> = new Set(['reply', 'tracking']);

/** Reads the words of a line, of which there is at least one. Throws CommandError. */
export function readTextRequest(words: readonly Buffer[]): TextRequest {
  switch (lowerCase(words[0]!)) {
    case 'pass':
      if (words.length !== 2) throw wrongArity('pass');
      return { words: [AUTH, words[1]!], answer: unchanged };
    case 'delete':
      if (words.length < 2) throw wrongArity('delete');
      return { words: [DEL, ...words.slice(1)], answer: deletion };
    case 'set':
      return { words: withExpiry(words), answer: unchanged };
    default:
      return { words, answer: unchanged };
  }
}

/** Throws CommandError for a command that this protocol has no way to answer. */
export function requireOneReply(words: readonly Buffer[], catalog: CommandCatalog): void {
  const name = catalog.byName(lowerCase(words[0]!))?.name;
  if (name === undefined) return;
  if (NOT_ONE_REPLY.has(name)) throw notOneReply(name);
  const subcommand = words.length > 1 ? lowerCase(words[1]!) : '';
  if (name === 'CLIENT' && NOT_ONE_REPLY_OF_CLIENT.has(subcommand)) {
    throw notOneReply(`${name} ${subcommand.toUpperCase()}`);
  }
}

function notOneReply(name: string): CommandError {
  return new CommandError(
    `ERR ${name} is not available here, where every line gets exactly one line in reply`,
  );
}

/** SET with a bare integer where its options are: none of them is a number, so it can only be a time. */
function withExpiry(words: readonly Buffer[]): readonly Buffer[] {
  const third = words[3];
  if (third === undefined || !isInteger64(third, 0, third.length)) return words;
  return [...words.slice(0, 3), EX, ...words.slice(3)];
}

function unchanged(reply: ReplyValue): ReplyValue {
  return reply;
}

/** DEL counts; inside of a transaction it answers that it is queued, which stays so. */
function deletion(reply: ReplyValue): ReplyValue {
  if (typeof reply !== 'number') return reply;
  return reply > 0 ? DELETED : null;
}

/** A word as text in lower case; of all bytes only A-Z become other ASCII letters. */
function lowerCase(word: Buffer): string {
  return word.toString('latin1').toLowerCase();
}

/**
 * What a line of the text protocol asks for: the commands of the server, and some words that are
 * only understood there.
 *
 *   PASS password          AUTH password
 *   DELETE key [key ...]   DEL key [key ...], answered with OK; with nil when no key was there
 *   SET key value seconds  SET key value EX seconds
 */
import { wrongArity } from '../commands/errors.ts';
import { isInteger64 } from '../protocol/numbers.ts';
import { type ExactValue, StatusReply } from '../protocol/value-writer.ts';

/** A line as the engine gets it. */
export interface TextRequest {
  readonly words: readonly Buffer[];
  /** What the client is told when the command answers this. */
  readonly answer: (reply: ExactValue) => ExactValue;
}

const AUTH = Buffer.from('AUTH');
const DEL = Buffer.from('DEL');
const EX = Buffer.from('EX');
const DELETED = new StatusReply('OK');

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

/**
 * SET with a bare integer where its options are: none of them is a number, so it can only be a
 * time.
 */
function withExpiry(words: readonly Buffer[]): readonly Buffer[] {
  const third = words[3];
  if (third === undefined || !isInteger64(third, 0, third.length)) return words;
  return [...words.slice(0, 3), EX, ...words.slice(3)];
}

function unchanged(reply: ExactValue): ExactValue {
  return reply;
}

/** DEL counts; inside of a transaction it answers that it is queued, which stays so. */
function deletion(reply: ExactValue): ExactValue {
  if (typeof reply !== 'number') return reply;
  return reply > 0 ? DELETED : null;
}

/** A word as text in lower case; of all Latin-1 characters only A-Z become a-z. */
function lowerCase(word: Buffer): string {
  return word.toString('latin1').toLowerCase();
}

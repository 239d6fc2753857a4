/** COMMAND INFO: one command as ten values. */
import type { Reply } from '../protocol/reply.ts';
import { categoriesOf } from './categories.ts';
import type { Command, KeySpec } from './command.ts';
import { keyRange } from './command-keys.ts';

/**
 * Answers with what COMMAND INFO says of a command; `fullName` is in lower case, as `client|list`.
 */
export function replyInfo(reply: Reply, command: Command, fullName: string): void {
  const { first, last, step } = keyRange(command.keys);
  const { tips = [], keys = [], subcommands = [] } = command;
  reply.array(10);
  reply.text(fullName);
  reply.integer(command.arity);
  // Redis shows all its flags but this.
  replyStatusSet(
    reply,
    command.flags.filter((flag) => flag !== 'may_replicate'),
  );
  reply.integer(first);
  reply.integer(last);
  reply.integer(step);
  const categories = categoriesOf(command);
  replyStatusSet(
    reply,
    categories.map((category) => `@${category}`),
  );
  reply.set(tips.length);
  for (const tip of tips) reply.text(tip);
  reply.set(keys.length);
  for (const spec of keys) replyKeySpec(reply, spec);
  // As Redis has it: a list, or else an empty set.
  if (subcommands.length === 0) reply.set(0);
  else reply.array(subcommands.length);
  for (const sub of subcommands) replyInfo(reply, sub, subcommandName(fullName, sub));
}

/** `client|list` */
export function subcommandName(container: string, { name }: Command): string {
  return `${container}|${name.toLowerCase()}`;
}

/** Answers with a set of words. */
export function replyStatusSet(reply: Reply, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.status(word);
}

function replyKeySpec(reply: Reply, { notes, flags, begin, find }: KeySpec): void {
  reply.map(notes === undefined ? 3 : 4);
  if (notes !== undefined) {
    reply.text('notes');
    reply.text(notes);
  }
  reply.text('flags');
  replyStatusSet(reply, flags);
  reply.text('begin_search');
  if ('index' in begin) replyStep(reply, 'index', { index: begin.index });
  else if ('unknown' in begin) replyStep(reply, 'unknown', {});
  else replyStep(reply, 'keyword', { keyword: begin.keyword, startfrom: begin.startFrom });
  reply.text('find_keys');
  if ('last' in find) {
    const { last, step, limit } = find;
    replyStep(reply, 'range', { lastkey: last, keystep: step, limit });
  } else if ('unknown' in find) {
    replyStep(reply, 'unknown', {});
  } else {
    const { keynumIndex, firstKey, step } = find;
    replyStep(reply, 'keynum', { keynumidx: keynumIndex, firstkey: firstKey, keystep: step });
  }
}

/** One of the two steps from a call to its keys. */
function replyStep(
  reply: Reply,
  type: string,
  spec: Readonly<Record<string, number | string>>,
): void {
  reply.map(2);
  reply.text('type');
  reply.text(type);
  reply.text('spec');
  const fields = Object.entries(spec);
  reply.map(fields.length);
  for (const [field, value] of fields) {
    reply.text(field);
    if (typeof value === 'number') reply.integer(value);
    else reply.text(value);
  }
}

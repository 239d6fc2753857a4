/** COMMAND DOCS: what people and tools want to know of a command, as a map. */
import type { Reply } from '../protocol/reply.ts';
import type { Command } from './command.ts';
import { replyStatusSet, subcommandName } from './command-info.ts';
import { type Argument, parseSyntax } from './syntax.ts';

/** A field of a map and what writes its value. */
type Field = readonly [name: string, write: () => void];

/** Answers with the documentation of a command; `fullName` is in lower case, as `client|list`. */
export function replyDocs(reply: Reply, command: Command, fullName: string): void {
  const { deprecated, history = [], subcommands = [] } = command;
  const docFlags = [...(deprecated ? ['deprecated'] : []), ...(command.docFlags ?? [])];
  const args = parseSyntax(command.syntax ?? '');
  const fields: Field[] = [
    textField(reply, 'summary', command.summary),
    textField(reply, 'since', command.since),
    textField(reply, 'group', command.group),
  ];
  if (command.complexity !== '') fields.push(textField(reply, 'complexity', command.complexity));
  if (docFlags.length > 0) fields.push(['doc_flags', () => replyStatusSet(reply, docFlags)]);
  if (deprecated !== undefined) {
    fields.push(textField(reply, 'deprecated_since', deprecated.since));
    fields.push(textField(reply, 'replaced_by', deprecated.replacedBy));
  }
  if (history.length > 0) fields.push(['history', () => replyHistory(reply, history)]);
  if (args.length > 0) fields.push(['arguments', () => replyArguments(reply, args)]);
  if (subcommands.length > 0) {
    fields.push(['subcommands', () => replySubcommands(reply, subcommands, fullName)]);
  }
  replyFields(reply, fields);
}

function replySubcommands(reply: Reply, subcommands: readonly Command[], container: string): void {
  reply.map(subcommands.length);
  for (const sub of subcommands) {
    const fullName = subcommandName(container, sub);
    reply.text(fullName);
    replyDocs(reply, sub, fullName);
  }
}

function replyHistory(reply: Reply, history: readonly (readonly [string, string])[]): void {
  reply.set(history.length);
  for (const [version, change] of history) {
    reply.array(2);
    reply.text(version);
    reply.text(change);
  }
}

function replyArguments(reply: Reply, args: readonly Argument[]): void {
  reply.array(args.length);
  for (const argument of args) replyFields(reply, fieldsOf(reply, argument));
}

function fieldsOf(reply: Reply, argument: Argument): Field[] {
  const { name, type, token, since, deprecatedSince, flags } = argument;
  const fields = [textField(reply, 'name', name), textField(reply, 'type', type)];
  if ('displayText' in argument) {
    fields.push(textField(reply, 'display_text', argument.displayText));
    const { keySpecIndex } = argument;
    if (keySpecIndex !== undefined) {
      fields.push(['key_spec_index', () => reply.integer(keySpecIndex)]);
    }
  }
  if (token !== undefined) fields.push(textField(reply, 'token', token));
  if (since !== undefined) fields.push(textField(reply, 'since', since));
  if (deprecatedSince !== undefined) {
    fields.push(textField(reply, 'deprecated_since', deprecatedSince));
  }
  if (flags.length > 0) fields.push(['flags', () => replyStatusSet(reply, flags)]);
  if ('arguments' in argument) {
    fields.push(['arguments', () => replyArguments(reply, argument.arguments)]);
  }
  return fields;
}

function textField(reply: Reply, name: string, text: string): Field {
  return [name, () => reply.text(text)];
}

function replyFields(reply: Reply, fields: readonly Field[]): void {
  reply.map(fields.length);
  for (const [name, write] of fields) {
    reply.text(name);
    write();
  }
}

/** HELP of a container: its subcommands, from their blocks. */
import type { Reply } from '../protocol/reply.ts';
import type { Command } from './command.ts';
import { formatSyntax, parseSyntax } from './syntax.ts';

/** Longest line of a summary, its indent included. */
const LINE_LENGTH_MAX = 80;
const INDENT = '    ';

/** What HELP tells of: a container, or a command that tells its subcommands apart by itself. */
interface Container {
  readonly name: string;
  readonly subcommands?: readonly Pick<Command, 'name' | 'syntax' | 'summary'>[];
}

/**
 * Answers with one line per subcommand's syntax and summary; `ownUse` is what the container does
 * without one.
 */
export function replyHelp(reply: Reply, container: Container, ownUse?: string): void {
  const lines = [`${container.name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  if (ownUse !== undefined) lines.push('(no subcommand)', ...indented(ownUse));
  for (const { name, syntax = '', summary } of container.subcommands ?? []) {
    lines.push(`${name} ${formatSyntax(parseSyntax(syntax))}`.trim(), ...indented(summary));
  }
  reply.array(lines.length);
  for (const line of lines) reply.status(line);
}

function indented(text: string): string[] {
  const lines = [INDENT];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1]!;
    const longer = line === INDENT ? line + word : `${line} ${word}`;
    if (longer.length <= LINE_LENGTH_MAX) lines[lines.length - 1] = longer;
    else lines.push(INDENT + word);
  }
  return lines;
}

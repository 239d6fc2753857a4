/** INFO: the state of the server as text, for people and for monitoring. */
import type { Args } from '../protocol/args.ts';
import type { Command, Context } from './command.ts';
import type { Section } from './info/section.ts';
import { SECTIONS } from './info/sections.ts';

export const info: Command = {
  name: 'INFO',
  group: 'server',
  since: '1.0.0',
  summary: 'Shows the state and the statistics of the server, all of it or some sections.',
  complexity: 'O(1)',
  arity: -1,
  flags: ['loading', 'stale'],
  categories: ['dangerous'],
  tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
  syntax: '[section...]',
  history: [['7.0.0', 'Takes several sections.']],
  run(context, args, reply) {
    const shown = selectSections(args);
    reply.verbatim('txt', shown.map((section) => sectionText(section, context)).join('\r\n'));
  },
};

/** The sections that are asked for, in the order of all sections; unknown words ask for nothing. */
function selectSections(args: Args): Section[] {
  const words = new Set<string>();
  for (let i = 1; i < args.count; i++) words.add(args.text(i).toLowerCase());
  if (words.has('all') || words.has('everything')) return [...SECTIONS];
  const withDefault = words.size === 0 || words.has('default');
  return SECTIONS.filter(({ title, isDefault }) => {
    return (withDefault && isDefault) || words.has(title.toLowerCase());
  });
}

function sectionText(section: Section, context: Context): string {
  const lines = [`# ${section.title}\r\n`];
  for (const [name, value] of section.fields(context)) lines.push(`${name}:${value}\r\n`);
  return lines.join('');
}

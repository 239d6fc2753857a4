import { expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import type { Command } from './command.ts';
import { replyHelp } from './help.ts';

function block(name: string, own: Partial<Command>): Command {
  const facts = { group: 'server', since: '1.0.0', complexity: 'O(1)', flags: [] } as const;
  return { name, arity: -1, summary: '', ...facts, ...own };
}

const long = 'A summary that is a good deal longer than a line of a terminal, and so is folded.';
const container: Command = block('BOX', {
  subcommands: [
    block('PUT', {
      summary: long,
      syntax: 'key [condition<NX | XX>]',
    }),
    block('SHAKE', { summary: 'Shakes it.' }),
  ],
  run: (_context, args, reply) =>
    replyHelp(reply, container, args.count > 1 ? 'Opens it.' : undefined),
});

it('lists the subcommands with their syntax and their summary', () => {
  const open = block('OPEN', { run: container.run! });
  const engine = new TestEngine({ commands: [open] });
  expect(engine.text('OPEN')).toBe(
    '[BOX <subcommand> [<arg> [value] [opt] ...]. Subcommands are:, ' +
      'PUT key [NX | XX],     A summary that is a good deal longer than a line of a terminal, and so is,' +
      '     folded., SHAKE,     Shakes it.]',
  );
  expect(engine.text('OPEN', 'x')).toContain('are:, (no subcommand),     Opens it., PUT ');
});

import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/commands/command.ts';
import { SYNTAX_ERROR } from '../../src/commands/errors.ts';
import { START_MS, TestEngine } from './engine.ts';

function command(name: string, arity: number, run: Command['run']): Command {
  const facts = {
    group: 'server',
    since: '1.0.0',
    summary: '',
    complexity: '',
    flags: [],
  } as const;
  return { name, arity, ...facts, ...(run !== undefined && { run }) };
}

const COMMANDS = [
  command('ECHO', 2, (_context, args, reply) => reply.blob(args.copy(1))),
  command('NOW', 1, (context, _args, reply) => reply.integer(context.keyspace.nowMs)),
  command('FAIL', 1, (_context, _args, reply) => {
    reply.ok();
    throw SYNTAX_ERROR;
  }),
  command('NOTHING', 1, () => undefined),
  command('SHUTDOWN', 1, (context) => context.services.lifecycle.abortShutdown()),
];

describe('TestEngine', () => {
  const engine = new TestEngine({ commands: COMMANDS });

  it('answers what a client would read', () => {
    expect(engine.run('echo', 'a\xff')).toEqual({ type: 'bulk', bytes: Buffer.of(0x61, 0xff) });
    expect(engine.text('ECHO')).toBe("(error) ERR wrong number of arguments for 'echo' command");
    expect(engine.text('FAIL')).toBe('(error) ERR syntax error');
  });

  it('has a clock of its own', () => {
    expect(engine.text('NOW')).toBe(`(integer) ${START_MS}`);
    engine.sleep(5);
    expect(engine.text('NOW')).toBe(`(integer) ${START_MS + 5}`);
  });

  it('notices a command that does not answer', () => {
    expect(() => engine.run('NOTHING')).toThrow('not one whole reply');
  });

  it('names a service that the test should have given', () => {
    expect(() => engine.run('SHUTDOWN')).toThrow('no service "lifecycle"');
  });
});

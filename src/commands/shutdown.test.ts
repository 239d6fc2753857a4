import { beforeEach, describe, expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';
import { Args } from '../protocol/args.ts';
import { RespWriter } from '../protocol/resp-writer.ts';
import type { ClientState } from './services/clients.ts';
import type { Lifecycle, ShutdownOptions } from './services/lifecycle.ts';

let engine: TestEngine;
let asked: ShutdownOptions[];
let askedBy: ClientState | undefined;
let problem: string | undefined;
let abortable: boolean;
beforeEach(() => {
  asked = [];
  askedBy = undefined;
  problem = undefined;
  abortable = false;
  const lifecycle: Partial<Lifecycle> = {
    shutdown(options, client) {
      asked.push(options);
      askedBy = client;
      return problem;
    },
    abortShutdown: () => abortable,
  };
  // SHUTDOWN uses nothing else of it.
  engine = new TestEngine({ services: { lifecycle: lifecycle as Lifecycle } });
});

/** The bytes that a client gets. */
function answer(...words: readonly string[]): string {
  const writer = new RespWriter();
  const args = Args.of(...['SHUTDOWN', ...words].map((word) => Buffer.from(word)));
  engine.executor.execute(engine.client, args, writer);
  return writer.buffer.toString('latin1', 0, writer.length);
}

describe('SHUTDOWN', () => {
  it.each<[string, ShutdownOptions]>([
    ['', { save: 'default', now: false, force: false }],
    ['NOSAVE', { save: 'nosave', now: false, force: false }],
    ['save', { save: 'save', now: false, force: false }],
    ['Now Force', { save: 'default', now: true, force: true }],
    ['FORCE NOSAVE NOW NOW', { save: 'nosave', now: true, force: true }],
  ])('asks for a stop and does not answer: %s', (words, options) => {
    expect(answer(...words.split(' ').filter((word) => word !== ''))).toBe('');
    expect(asked).toEqual([options]);
    expect(askedBy).toBe(engine.client);
  });

  it('answers when the server stays up', () => {
    problem = 'ERR Errors trying to SHUTDOWN. Check logs.';
    expect(answer('SAVE')).toBe('-ERR Errors trying to SHUTDOWN. Check logs.\r\n');
  });

  it.each(['NOSUCH', 'SAVE NOSAVE', 'ABORT NOW', 'NOSAVE ABORT', 'SAVE SAVE x', 'NO'])(
    'refuses %s',
    (words) => {
      expect(answer(...words.split(' '))).toBe('-ERR syntax error\r\n');
      expect(asked).toEqual([]);
    },
  );

  it('ABORT takes a stop back if there is one', () => {
    expect(answer('ABORT')).toBe('-ERR No shutdown in progress.\r\n');
    abortable = true;
    expect(answer('abort', 'ABORT')).toBe('+OK\r\n');
    expect(asked).toEqual([]);
  });
});

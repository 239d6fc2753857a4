import { describe, expect, it } from 'vitest';
import { Args } from '../protocol/args.ts';
import { COMMANDS } from './catalog.ts';
import type { Command } from './command.ts';
import { requireOneReply } from './one-reply.ts';
import { Registry } from './registry.ts';

const SUBSCRIBE: Command = {
  name: 'SUBSCRIBE',
  group: 'pubsub',
  since: '2.0.0',
  summary: '',
  complexity: '',
  arity: -2,
  flags: ['pubsub', 'noscript', 'loading', 'stale'],
  run: () => undefined,
};

const withoutSubscribe = COMMANDS.filter(({ name }) => name !== 'SUBSCRIBE');
const catalog = new Registry([...withoutSubscribe, SUBSCRIBE]);

function require(...words: string[]): void {
  requireOneReply(catalog, Args.of(...words.map((word) => Buffer.from(word))));
}

describe('commands for callers that take one reply each', () => {
  it.each([
    ['SUBSCRIBE', 'a'],
    ['subscribe', 'a'],
    ['MONITOR'],
    ['CLIENT', 'REPLY', 'OFF'],
    ['client', 'reply', 'on'],
  ])('leave out %s %s', (...words) => {
    expect(() => require(...words)).toThrow(
      expect.objectContaining({ text: expect.stringContaining('is not available here') }),
    );
  });

  it('are named as the server knows them', () => {
    expect(() => require('client', 'reply')).toThrow(
      expect.objectContaining({
        text: 'ERR CLIENT REPLY is not available here, where every command gets exactly one reply',
      }),
    );
  });

  it.each([
    ['GET', 'MONITOR'],
    ['CLIENT', 'LIST'],
    ['CLIENT'],
    ['SUBSCRIBER'],
    ['COMMAND', 'INFO'],
  ])('are %s %s', (...words) => {
    expect(() => require(...words)).not.toThrow();
  });
});

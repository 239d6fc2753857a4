/**
 * Blocks made of what a redis-server says of its own commands, all of them, answer COMMAND as that
 * server does: whatever a command is like, its replies are derived as Redis derives them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command, Flag, Group, KeySpec } from '../../src/commands/command.ts';
import { command as introspection } from '../../src/commands/introspection.ts';
import { listedCategories } from '../../tools/command-facts.ts';
import { type CommandFacts, readRedisFacts } from '../../tools/redis-facts.ts';
import { writeSyntax } from '../../tools/write-syntax.ts';
import { type Encoded, encodeReply, isArray, toJson } from '../compat/encoded.ts';
import { TestEngine } from '../support/engine.ts';
import { RespClient } from '../support/resp-client.ts';
import { type RunningServer, redisAvailable, startRedis } from '../support/server.ts';

describe.skipIf(!redisAvailable())('blocks of all commands of a redis-server', () => {
  let server: RunningServer;
  let redis: RespClient;
  let engine: TestEngine;
  let names: readonly string[];
  beforeAll(async () => {
    server = await startRedis();
    redis = await RespClient.connect(server.port);
    await redis.call('HELLO', '3');
    const facts = (await readRedisFacts()).filter(({ name }) => name !== introspection.name);
    names = facts.map(({ name }) => name);
    engine = new TestEngine({ commands: [...facts.map(toBlock), introspection] });
    engine.client.resp3 = true;
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });

  async function compare(args: readonly string[]): Promise<void> {
    const expected = canonical(encodeReply(await redis.call(...args)));
    const actual = canonical(encodeReply(engine.run(...args)));
    expect(toJson(actual), args.join(' ')).toBe(toJson(expected));
  }

  it.each(['INFO', 'DOCS'] as const)('answer COMMAND %s', async (question) => {
    expect(names.length).toBeGreaterThan(200);
    for (const name of names) await compare(['COMMAND', question, name]);
  });

  it('find the keys of calls', async () => {
    for (const call of CALLS) await compare(['COMMAND', 'GETKEYSANDFLAGS', ...call.split(' ')]);
  });
});

/** Calls whose key specifications say everything: these need nothing of the command itself. */
const CALLS = [
  'ZUNION 2 a b WEIGHTS 1 2',
  'ZUNION 3 a b',
  'ZUNION 0 a b',
  'ZUNION x a b',
  'ZUNIONSTORE out 2 a b',
  'ZUNIONSTORE out 9 a b',
  'XREAD COUNT 5 BLOCK 0 STREAMS a b 0 0',
  'XREAD count 5 streams a 0',
  'XREADGROUP GROUP g c STREAMS a b c > > >',
  'EVAL script 2 a b x',
  'EVAL script 0 x',
  'EVAL script 5 a',
  'EVAL script 99999999999999999999 a',
  'FCALL f 1 a x',
  'BLPOP a b c 0',
  'LMOVE a b LEFT RIGHT',
  'BITOP AND out a b c',
  'GEORADIUS k 1 1 1 m STORE out',
  'GEORADIUS k 1 1 1 m STORE a STOREDIST b',
  'GEORADIUS k 1 1 1 m',
  'MIGRATE host 1 key 0 10',
  'OBJECT ENCODING k',
  'XGROUP CREATE s g $',
  'MSETNX a 1 b 2',
  'MSETNX a 1 b',
  'PFMERGE out a b',
  'SINTERCARD 2 a b LIMIT 1',
  'SPUBLISH channel message',
  'PUBLISH channel message',
  'NOSUCH a b',
  'client|id a b',
];

/** A block with everything but its handler. */
function toBlock(facts: CommandFacts): Command {
  const { name, since, arity, tips, keys, history, deprecated, docFlags, subcommands } = facts;
  return {
    name,
    since,
    arity,
    summary: '',
    tips,
    history,
    docFlags,
    group: facts.group as Group,
    complexity: facts.complexity ?? '',
    flags: facts.flags as Flag[],
    categories: listedCategories(facts),
    keys: keys as KeySpec[],
    syntax: writeSyntax(facts.arguments),
    ...(deprecated && { deprecated }),
    subcommands: subcommands.map(toBlock),
  };
}

/**
 * Without what is no matter of derivation: the order of sets and subcommands, and the texts, which
 * the facts do not have (summaries) or 7.0 does not send (display texts).
 */
function canonical(reply: Encoded): Encoded {
  if (typeof reply === 'string') return reply;
  if (isArray(reply)) {
    const items = reply.map(canonical);
    return items.every((item) => isArray(item) && item.length === INFO_LENGTH)
      ? sorted(items)
      : items;
  }
  const [mark, inner] = Object.entries(reply)[0]!;
  const items = (inner as readonly Encoded[]).map(canonical);
  if (mark === '~') return { '~': sorted(items) };
  const entries = (items as [string, Encoded][]).filter(([field]) => !TEXTS.includes(field));
  return { '%': entries.every(([field]) => field.includes('|')) ? sorted(entries) : entries };
}

/** Of the array that describes one command. */
const INFO_LENGTH = 10;
const TEXTS = ['$summary', '$display_text'];

function sorted(items: readonly Encoded[]): Encoded[] {
  return [...items].sort((a, b) => (toJson(a) < toJson(b) ? -1 : 1));
}

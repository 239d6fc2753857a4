/**
 * That the scripts leave nothing out: each command has a good reply and an error in a recording,
 * and each token of its syntax is part of a call that got a good reply.
 */
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/commands/catalog.ts';
import { type RegisteredCommand, Registry } from '../../src/commands/registry.ts';
import { type Argument, parseSyntax } from '../../src/commands/syntax.ts';
import { toBytes } from '../support/resp-client.ts';
import type { Encoded } from './encoded.ts';
import {
  expectedOutcome,
  loadScript,
  readRecording,
  recordedSteps,
  scriptNames,
} from './recording.ts';

/** What nobody can compare line by line, and where it is tested instead. */
const NEVER_GOOD: Readonly<Record<string, string>> = {
  asking: 'an error without a cluster',
  bgrewriteaof: 'src/persistence/append-only-commands.test.ts',
  'config|rewrite': 'src/engine/config-rewrite.test.ts',
  'function|kill': 'test/integration/busy-scripts.test.ts',
  'module|load': 'an error without modules',
  'module|loadex': 'an error without modules',
  'module|unload': 'an error without modules',
  readonly: 'an error without a cluster',
  readwrite: 'an error without a cluster',
  'script|kill': 'test/integration/busy-scripts.test.ts',
  shutdown: 'test/integration/command-line.test.ts',
  waitaof: 'of 7.2: src/persistence/append-only-commands.test.ts',
};
const NEVER_WRONG = new Set([
  'command|docs',
  'command|info',
  'info',
  'latency|histogram',
  'latency|reset',
  'pubsub|numsub',
  'pubsub|shardnumsub',
  'punsubscribe',
  'quit',
  'sunsubscribe',
  'unsubscribe',
  'waitaof',
]);
/** Redis has a debugger for scripts. */
const TOKENS_ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'script|debug': ['YES', 'SYNC'],
};

/** What the scripts do with a command. */
class Use {
  good = 0;
  wrong = 0;
  readonly words = new Set<string>();
}

const registry = new Registry(COMMANDS);
const uses = await usesByScripts();

async function usesByScripts(): Promise<ReadonlyMap<string, Use>> {
  const found = new Map(registry.all.map(({ fullName }) => [fullName, new Use()]));
  for (const name of scriptNames()) {
    const recording = readRecording(name);
    for (const each of (await loadScript(name)).cases) {
      const recorded = recordedSteps(recording, each);
      for (const [index, step] of each.steps.entries()) {
        if (!('args' in step.action)) continue;
        const words = step.action.args.map((word) => toBytes(word).toString('latin1'));
        const use = found.get(commandOf(words)?.fullName ?? '');
        if (use === undefined) continue;
        if (isError(expectedOutcome(step, recorded[index]!, 2, '7.2'))) {
          use.wrong++;
          continue;
        }
        use.good++;
        for (const word of words.slice(1)) use.words.add(word.toUpperCase());
      }
    }
  }
  return found;
}

function commandOf(words: readonly string[]): RegisteredCommand | undefined {
  const command = registry.registered(words[0] ?? '');
  return command?.subcommands.get((words[1] ?? '').toLowerCase()) ?? command;
}

function isError(outcome: Encoded | null): boolean {
  return typeof outcome === 'string' && /^[-!]/.test(outcome);
}

function tokensOf(items: readonly Argument[]): string[] {
  return items.flatMap((item) => [
    ...(item.token === undefined || item.token === '' ? [] : [item.token]),
    ...('arguments' in item ? tokensOf(item.arguments) : []),
  ]);
}

/** Those that do something; a container alone only has subcommands. */
const commands = registry.all.filter(({ subcommands }) => subcommands.size === 0);

it('every command has a good reply in a recording', () => {
  const without = commands.filter(({ fullName }) => uses.get(fullName)!.good === 0);
  expect(without.map(({ fullName }) => fullName).sort()).toEqual(Object.keys(NEVER_GOOD).sort());
});

it('every command has an error in a recording', () => {
  const without = commands.filter(({ fullName }) => uses.get(fullName)!.wrong === 0);
  expect(without.map(({ fullName }) => fullName).sort()).toEqual([...NEVER_WRONG].sort());
});

it('every token of every syntax is part of a call with a good reply', () => {
  const missing = commands.flatMap(({ fullName, command }) => {
    if (fullName in NEVER_GOOD) return [];
    const { words } = uses.get(fullName)!;
    const elsewhere = TOKENS_ELSEWHERE[fullName] ?? [];
    return tokensOf(parseSyntax(command.syntax ?? ''))
      .filter((token) => !words.has(token.toUpperCase()) && !elsewhere.includes(token))
      .map((token) => `${fullName} ${token}`);
  });
  expect(missing).toEqual([]);
});

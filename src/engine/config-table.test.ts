import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RespClient } from '../../test/support/resp-client.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { type RunningServer, redisAvailable, startRedis } from '../../test/support/server.ts';
import { Config } from './config.ts';
import type { Kind } from './config-directive.ts';
import { Settings } from './config-settings.ts';
import {
  DIRECTIVE_CHAPTERS,
  DIRECTIVE_NAMES,
  directiveOf,
  findDirective,
  NAMES_AND_ALIASES,
} from './config-table.ts';

describe('the table of directives', () => {
  it('has every name and alias once', () => {
    const names = DIRECTIVE_NAMES.flatMap((name) => [name, ...directiveOf(name).aliases]);
    expect(new Set(names).size).toBe(names.length);
    expect(NAMES_AND_ALIASES.size).toBe(names.length);
    const inChapters = Object.values(DIRECTIVE_CHAPTERS).flatMap((chapter) => Object.keys(chapter));
    expect(inChapters).toEqual(DIRECTIVE_NAMES);
  });

  it('finds a directive by name or alias, in any case', () => {
    expect(findDirective('maxmemory')).toBe('maxmemory');
    expect(findDirective('MaxMemory')).toBe('maxmemory');
    expect(findDirective('SLAVE-priority')).toBe('replica-priority');
    for (const name of [
      '',
      'maxmemory ',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
    ]) {
      expect(findDirective(name)).toBeUndefined();
    }
  });

  it.each(DIRECTIVE_NAMES)('%s: is one sentence and a syntax', (name) => {
    const { doc, kind } = directiveOf(name);
    expect(doc).toMatch(/^[A-Z][^.]*(?:\.[^ ][^.]*)*\.$/);
    expect(kind.syntax).not.toBe('');
  });

  it.each(DIRECTIVE_NAMES)('%s: reads its default back from the line it is written as', (name) => {
    const settings = new Settings(process.cwd());
    const kind: Kind<unknown> = directiveOf(name).kind;
    const initial = settings.get(name);
    for (const [at, line] of kind.lines(initial).entries()) {
      const words = line === '""' ? [''] : line.replaceAll('"', '').split(' ');
      const args = kind.takesMany ? words : [line.replaceAll('"', '')];
      settings.put(
        name,
        settings.read(
          name,
          args.map((word) => Buffer.from(word)),
          at > 0,
        ),
      );
    }
    expect(settings.get(name)).toEqual(initial);
  });
});

function textOf(reply: Reply): string {
  if (reply.type !== 'bulk') throw new Error(`${reply.type} instead of a bulk string`);
  return reply.bytes.toString();
}

/** CONFIG GET * of a server. */
async function allSettings(client: RespClient): Promise<Map<string, string>> {
  const reply = await client.call('CONFIG', 'GET', '*');
  if (reply.type !== 'array') throw new Error(`${reply.type} instead of an array`);
  const texts = reply.items.map(textOf);
  return new Map(texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1]!]] : [])));
}

/** What the test gives the server on its command line, or what we decided to do differently. */
const OUR_OWN_DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['port', '6379'],
  ['bind', '* -::*'],
  ['save', '3600 1 300 100 60 10000'],
  // Their defragmenter needs a special allocator, ours does not.
  ['activedefrag', 'yes'],
  ['active-defrag-ignore-bytes', '1048576'],
]);

/** What redis-server 7.0 does not have yet, or never will. */
const NEWER_THAN_7_0 = [
  'set-max-listpack-entries',
  'set-max-listpack-value',
  'locale-collate',
  'cluster-announce-human-nodename',
  'rdb-version',
  'http-bind',
  'http-port',
  'rehearsal',
  'text-port',
  'text-replies',
];

describe.skipIf(!redisAvailable())('beside redis-server (skipped without one on the PATH)', () => {
  let server: RunningServer;
  let client: RespClient;
  beforeAll(async () => {
    server = await startRedis();
    client = await RespClient.connect(server.port);
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it('has its directives with its defaults', async () => {
    const theirs = await allSettings(client);
    const ours = new Map(new Config(new Settings(server.dir)).get([Buffer.from('*')]));
    expect(theirs.size).toBeGreaterThan(180);
    for (const [name, text] of theirs) {
      expect(`${name} ${ours.get(name)}`).toBe(`${name} ${OUR_OWN_DEFAULTS.get(name) ?? text}`);
    }
    const version = textOf(await client.call('INFO', 'server')).match(
      /redis_version:(\d+\.\d+)/,
    )?.[1];
    if (version === '7.0') {
      const more = [...ours.keys()].filter((name) => !theirs.has(name));
      expect(more.sort()).toEqual([...NEWER_THAN_7_0].sort());
    }
  });

  it('hides what it hides', async () => {
    const theirs = await allSettings(client);
    for (const name of DIRECTIVE_NAMES.filter((each) => directiveOf(each).hidden)) {
      expect([...theirs.keys()]).not.toContain(name);
      const reply = await client.call('CONFIG', 'GET', name);
      expect(reply.type === 'array' && reply.items.map(textOf)).toEqual([
        name,
        new Settings(server.dir).get(name).text,
      ]);
    }
  });
});

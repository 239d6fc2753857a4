// Compares the glob matcher with a real redis-server: KEYS (exact case) over random keys, and
// CONFIG GET and FUNCTION LIST (any case) over names.
// Run: npx tsx src/protocol/glob.fuzz.ts   (SEED=n repeats a run)

import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { globMatch } from './glob.ts';

const KEYS = 400;
const LIBRARIES = 25;
const PATTERNS = 4_000;
const BATCH = 200;
const ALPHABET = 'abcA-^]\\\x00\x7f\x80\xfe\xff';
const WILDCARDS = '**?[[]]^-\\\\';

async function compare(oracle: Oracle): Promise<number> {
  const keys = await storeKeys(oracle);
  let matches = 0;
  for (let done = 0; done < PATTERNS; done += BATCH) {
    const patterns = Array.from({ length: BATCH }, () => randomPattern(oracle.random, ALPHABET));
    matches += await comparePatterns(oracle, ['KEYS'], patterns, keys, false);
  }
  const settings = await settingNames(oracle);
  const libraries = await storeLibraries(oracle);
  for (let done = 0; done < PATTERNS; done += BATCH) {
    const { random } = oracle;
    const named = Array.from({ length: BATCH }, () => namePattern(random, random.pick(settings)));
    // Without one of these CONFIG GET looks the name up instead of matching.
    const matched = named.filter((pattern) => /[*?[]/.test(pattern));
    matches += await comparePatterns(oracle, ['CONFIG', 'GET'], matched, settings, true);
    const patterns = Array.from({ length: BATCH }, () =>
      namePattern(random, random.pick(libraries)),
    );
    matches += await comparePatterns(
      oracle,
      ['FUNCTION', 'LIST', 'LIBRARYNAME'],
      patterns,
      libraries,
      true,
    );
  }
  console.log(`glob: ${matches} matches among them`);
  return PATTERNS * 3;
}

async function comparePatterns(
  { client }: Oracle,
  command: readonly string[],
  patterns: readonly string[],
  subjects: readonly string[],
  ignoreCase: boolean,
): Promise<number> {
  let matches = 0;
  for (const pattern of patterns) client.send([...command, pattern]);
  for (const pattern of patterns) {
    const answer = namesIn(await client.read(), command[0]!);
    const matched = subjects.filter((subject) => matchText(pattern, subject, ignoreCase));
    const about = `${command.join(' ')} ${JSON.stringify(pattern)}`;
    expectSame(about, JSON.stringify(matched.sort()), JSON.stringify(answer.sort()));
    matches += matched.length;
  }
  return matches;
}

function matchText(pattern: string, subject: string, ignoreCase: boolean): boolean {
  // Something on either side, so that reading past a range would show.
  const patternBytes = Buffer.from(`]*${pattern}*]`, 'latin1');
  const subjectBytes = Buffer.from(`a${subject}a`, 'latin1');
  const patternEnd = 2 + pattern.length;
  const subjectEnd = 1 + subject.length;
  return globMatch(patternBytes, 2, patternEnd, subjectBytes, 1, subjectEnd, ignoreCase);
}

/** Keys are plain elements, settings and libraries come with values. */
function namesIn(reply: Reply, command: string): string[] {
  if (reply.type !== 'array') throw new Error(`unexpected reply ${JSON.stringify(reply)}`);
  if (command === 'KEYS') return reply.items.map(text);
  if (command === 'CONFIG') return reply.items.filter((_, i) => i % 2 === 0).map(text);
  return reply.items.map((library) => {
    if (library.type !== 'array') throw new Error(`unexpected reply ${JSON.stringify(library)}`);
    return text(library.items[1]!);
  });
}

function text(reply: Reply): string {
  if (reply.type !== 'bulk') throw new Error(`unexpected reply ${JSON.stringify(reply)}`);
  return reply.bytes.toString('latin1');
}

async function storeKeys({ client, random }: Oracle): Promise<string[]> {
  const keys = new Set(['', '-', ']', '\\', 'a', 'aaaaaaaaaaaa']);
  while (keys.size < KEYS) keys.add(random.text(ALPHABET, 1, 8));
  for (const key of keys) await client.call('SET', key, '');
  return [...keys];
}

async function settingNames({ client }: Oracle): Promise<string[]> {
  return namesIn(await client.call('CONFIG', 'GET', '*'), 'CONFIG');
}

async function storeLibraries({ client, random }: Oracle): Promise<string[]> {
  // Names that differ in case only cannot be loaded side by side.
  const names = new Map<string, string>();
  while (names.size < LIBRARIES) {
    const name = random.text('aAbBzZ_019', 1, 8);
    names.set(name.toLowerCase(), name);
  }
  for (const name of names.values()) {
    const code = `#!lua name=${name}\nredis.register_function('of_${name}', function() end)`;
    expectSame(`loading ${name}`, name, text(await client.call('FUNCTION', 'LOAD', code)));
  }
  return [...names.values()];
}

function randomPattern(random: SeededRandom, alphabet: string): string {
  const pattern = random.text(random.pick([alphabet, WILDCARDS, alphabet + WILDCARDS]), 0, 10);
  // KEYS answers a lone star without matching.
  return pattern === '*' ? '**' : pattern;
}

/** A name with some bytes turned into elements that may still match it. */
function namePattern(random: SeededRandom, name: string): string {
  let pattern = '';
  for (const byte of name) {
    const other = random.pick('aAzZ_-5');
    const choices = [
      '*',
      '?',
      `[${byte}]`,
      `[${other}-${byte}]`,
      `[^${other}]`,
      `\\${byte}`,
      `[\\${byte}`,
    ];
    const swapped = random.fraction() < 0.5 ? byte.toUpperCase() : byte.toLowerCase();
    pattern += random.fraction() < 0.3 ? random.pick(choices) : swapped;
  }
  return pattern;
}

await fuzzAgainstRedis('glob', compare);

/**
 * Prints the metadata block of commands, as a redis-server describes them, for whoever writes their
 * handlers: `npm run command-facts -- SET 'CLIENT LIST'`. The summary is left to the writer, and
 * the wording of history and notes is Redis's own, to be said in other words.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Category, categoriesOf } from '../src/commands/categories.ts';
import type { Argument } from '../src/commands/syntax.ts';
import { type CommandFacts, readRedisFacts } from './redis-facts.ts';
import { foldSyntax, writeSyntax } from './write-syntax.ts';

/** Words that cannot name a constant in a module. */
const reservedWords = ['eval', 'function', 'delete', 'import', 'export', 'new', 'in', 'do', 'if'];

const lineMax = 100;

/** The block of one command as TypeScript source, formatted. `path` is its name, word by word. */
export function printBlock(path: readonly string[], facts: CommandFacts): string {
  const name = path.join('-').toLowerCase();
  const joined = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const constant = reservedWords.includes(joined) ? `${joined}Command` : joined;
  return format(`export const ${constant}: Command = ${printObject(facts, 0)};`);
}

/** The categories a block must list so that categoriesOf gives all that the facts have. */
export function listedCategories(facts: CommandFacts): Category[] {
  const { group, flags } = facts;
  const implied = categoriesOf({ group, flags });
  const listed = facts.categories.filter((category) => !implied.includes(category));
  const derived = categoriesOf({ group, flags, categories: listed });
  if (derived.join() !== facts.categories.join()) {
    throw new Error(`${facts.name} has categories ${facts.categories}, not ${derived}`);
  }
  return listed;
}

/** The facts of the command or subcommand of this name, in any case; throws if there is none. */
export function findFacts(all: readonly CommandFacts[], path: readonly string[]): CommandFacts {
  let found: CommandFacts | undefined;
  let among = all;
  for (const word of path) {
    found = among.find(({ name }) => name === word.toUpperCase());
    if (!found) throw new Error(`redis-server has no command ${path.join(' ')}`);
    among = found.subcommands;
  }
  if (!found) throw new Error('a command name is empty');
  return found;
}

/** `depth` counts the containers around the command. */
function printObject(facts: CommandFacts, depth: number): string {
  const { deprecated, subcommands } = facts;
  const children = subcommands.map((subcommand) => printObject(subcommand, depth + 1));
  const fields = [
    `name: ${printValue(facts.name)}`,
    `group: ${printValue(facts.group)}`,
    `since: ${printValue(facts.since)}`,
    `summary: 'TODO'`,
    `complexity: ${printValue(facts.complexity ?? 'TODO')}`,
    `arity: ${facts.arity}`,
    `flags: ${printValue(facts.flags)}`,
    ...printList('categories', listedCategories(facts)),
    ...printList('tips', facts.tips),
    ...printList('keys', facts.keys),
    ...printSyntax(facts.arguments, 4 * depth + 2),
    ...printList('history', facts.history),
    ...(deprecated ? [`deprecated: ${printValue(deprecated)}`] : []),
    ...printList('docFlags', facts.docFlags),
    children.length > 0
      ? `subcommands: [\n${children.join(',\n')}]`
      : 'run(context, args, reply) {\n}',
  ];
  return `{\n${fields.join(',\n')},\n}`;
}

function printList(field: string, values: readonly unknown[]): string[] {
  return values.length === 0 ? [] : [`${field}: ${printValue(values)}`];
}

/** Nothing without arguments; a grammar that does not fit in a line is folded, indent included. */
function printSyntax(items: readonly Argument[], indent: number): string[] {
  const text = writeSyntax(items);
  if (text === '') return [];
  if (indent + `syntax: '${text}',`.length <= lineMax) return [`syntax: ${printValue(text)}`];
  const margin = `\n${' '.repeat(indent)}`;
  const lines = foldSyntax(items, lineMax - indent - 2).map((line) => `${margin}  ${line}`);
  return [`syntax: \`${lines.join('')}${margin}\``];
}

/** A value as a TypeScript literal. */
function printValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => `${key}: ${printValue(field)}`);
    return `{ ${fields.join(', ')} }`;
  }
  return JSON.stringify(value);
}

/** Formats by the rules of this repository, so that what is pasted needs no reformatting. */
function format(source: string): string {
  const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url));
  return execFileSync(biome, ['format', '--stdin-file-path=block.ts'], {
    input: source,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

async function main(names: readonly string[]): Promise<void> {
  if (names.length === 0) throw new Error("usage: npm run command-facts -- SET 'CLIENT LIST'");
  const all = await readRedisFacts();
  const paths = names.map((name) => name.trim().split(/[\s|]+/));
  for (const path of paths) console.log(printBlock(path, findFacts(all, path)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(String(error));
    process.exitCode = 1;
  });
}

/**
 * Prints where a command is: `npm run where hset`, `npm run where client list`. Below the place of
 * its block come the value operations and structures that the block goes through.
 */
import { fileURLToPath } from 'node:url';
import type { Node } from 'oxc-parser';
import { type CommandBlock, findCommandBlocks } from './command-blocks.ts';
import { importsOf } from './imports.ts';
import { definitionsOf, nodesOf, readRepository, type SourceFile } from './source-file.ts';

/** The lines that say where a command named like `hset` or `client list` is; throws if nowhere. */
export function locate(files: readonly SourceFile[], name: string): string[] {
  const wanted = name
    .trim()
    .replace(/[\s|]+/g, ' ')
    .toUpperCase();
  const blocks = findCommandBlocks(files);
  const found = blocks.filter((block) => block.name === wanted);
  if (found.length === 0) throw new Error(`no command ${wanted}${suggest(blocks, wanted)}`);
  return found.flatMap((block) => [`${block.file.path}:${block.line}`, ...deeper(files, block)]);
}

function suggest(blocks: readonly CommandBlock[], wanted: string): string {
  const similar = blocks.map(({ name }) => name).filter((name) => name.includes(wanted));
  return similar.length === 0 ? '' : `; there are ${similar.sort().join(', ')}`;
}

/** What the block uses of values/ and structures/, itself or through functions of its file. */
function deeper(files: readonly SourceFile[], { file, node }: CommandBlock): string[] {
  const words = wordsBehind(file, node);
  const places = importsOf(file).flatMap(({ target, names }) => {
    if (target === undefined || names === 'everything') return [];
    if (!/^src\/(values|structures)\//.test(target)) return [];
    const used = [...names].filter(([here]) => words.has(here));
    return used.map(([, there]) => `  ${placeOf(files, target, there)}`);
  });
  return places.sort();
}

/** The identifiers of a node and of the definitions of its file that they lead to. */
function wordsBehind(file: SourceFile, node: Node): Set<string> {
  const definitions = definitionsOf(file);
  const words = new Set<string>();
  const collect = (from: Node) => {
    for (const inner of nodesOf(from)) {
      if (inner.type !== 'Identifier' || words.has(inner.name)) continue;
      words.add(inner.name);
      for (const { name, node } of definitions) if (name === inner.name) collect(node);
    }
  };
  collect(node);
  return words;
}

function placeOf(files: readonly SourceFile[], path: string, name: string): string {
  const file = files.find((candidate) => candidate.path === path);
  const definition = file && definitionsOf(file).find((candidate) => candidate.name === name);
  return definition ? `${path}:${file.lineOf(definition.node.start)} ${name}` : `${path} ${name}`;
}

function main(words: readonly string[]): void {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const name = words.join(' ');
  if (name === '') throw new Error('usage: npm run where hset, or: npm run where client list');
  for (const line of locate(readRepository(root), name)) console.log(line);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(String(error));
    process.exitCode = 1;
  }
}

import { importsOf } from '../imports.ts';
import type { SourceFile } from '../source-file.ts';
import type { Violation } from './violation.ts';

/** The layers of src/, from the bottom; what is in one may import from it and from those below. */
const layers = [
  ['memory'],
  ['structures', 'protocol'],
  ['values'],
  ['keyspace'],
  ['commands'],
  ['engine'],
  ['persistence', 'replication', 'scripting', 'pubsub'],
  ['server', 'metrics'],
  [
    'redstart.ts',
    'rehearsal',
    'embedded.ts',
    'embedded-subscription.ts',
    'embedded-wait.ts',
    'index.ts',
    'program.ts',
    'cli.ts',
    'stored-data.ts',
  ],
];

/** Imports point downward, types included. Files beside the code may use test/support as well. */
export function checkLayers(file: SourceFile): Violation[] {
  if (!file.isTypeScript || !file.path.startsWith('src/')) return [];
  const layer = layerOf(file.path);
  if (layer < 0) return [{ path: file.path, line: 1, problem: 'belongs to no layer' }];
  return importsOf(file).flatMap(({ target, line }) => {
    if (target === undefined) return [];
    const isSupport = file.isTest && target.startsWith('test/support/');
    const isDownward = target.startsWith('src/') && layerOf(target) <= layer;
    if (isDownward || isSupport) return [];
    return [{ path: file.path, line, problem: `imports upward: ${target}` }];
  });
}

/** Relative imports say the `.ts` of the file they mean. */
export function checkImportExtensions(file: SourceFile): Violation[] {
  if (!file.isTypeScript) return [];
  return importsOf(file).flatMap(({ specifier, target, line }) => {
    if (target === undefined || /\.(ts|json)$/.test(specifier)) return [];
    return [{ path: file.path, line, problem: `imports ${specifier} without its .ts` }];
  });
}

/** -1 for a path in no layer. */
function layerOf(path: string): number {
  const [, place = ''] = path.split('/');
  // A test is where the file is that it tests.
  const tested = place.replace(/\.(test|fuzz|bench)\.ts$/, '.ts');
  return layers.findIndex((places) => places.includes(tested));
}

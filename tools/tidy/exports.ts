import type { Node } from 'oxc-parser';
import { importsOf } from '../imports.ts';
import { definitionsOf, nodesOf, type SourceFile } from '../source-file.ts';
import type { Violation } from './violation.ts';

/**
 * Exports are for others: each of src/ is imported somewhere. index.ts exports for users, and the
 * shape of an exported value must be exported for the compiler to name it in declarations, so types
 * are exempt.
 */
export function checkUnusedExports(files: readonly SourceFile[]): Violation[] {
  const used = new Set<string>();
  for (const file of files.filter(({ isTypeScript }) => isTypeScript)) {
    for (const { target, names } of importsOf(file)) {
      if (names === 'everything') used.add(`${target}`);
      else for (const name of names.values()) used.add(`${target} ${name}`);
    }
  }
  return files.flatMap((file) => {
    if (!isProduct(file) || file.path === 'src/index.ts' || used.has(file.path)) return [];
    const unused = exportsOf(file).filter(({ name, isType }) => {
      return !isType && !used.has(`${file.path} ${name}`);
    });
    return unused.map(({ name, start }) => {
      return { path: file.path, line: file.lineOf(start), problem: `nothing imports ${name}` };
    });
  });
}

/** Everything has a name of its own, the same wherever it is used. */
export function checkDefaultExports(file: SourceFile): Violation[] {
  if (!isProduct(file)) return [];
  const found = file.module.staticExports.filter(({ entries }) => {
    return entries.some(({ exportName: { kind, name } }) => {
      return String(kind) === 'Default' || name === 'default';
    });
  });
  return found.map(({ start }) => {
    return { path: file.path, line: file.lineOf(start), problem: 'a default export' };
  });
}

/** Types mean something. */
export function checkAny(file: SourceFile): Violation[] {
  if (!file.isTypeScript) return [];
  const found = [...nodesOf(file.program)].filter(({ type }) => type === 'TSAnyKeyword');
  return found.map(({ start }) => {
    return { path: file.path, line: file.lineOf(start), problem: 'the type any' };
  });
}

/** Exported functions and classes say in a doc comment what they promise. */
export function checkContracts(file: SourceFile): Violation[] {
  if (!isProduct(file)) return [];
  const exported = new Set(exportsOf(file).map(({ localName }) => localName));
  const documented = new Set<string>();
  return definitionsOf(file).flatMap(({ name, node, statement }) => {
    if (!exported.has(name) || !isFunctionOrClass(node) || documented.has(name)) return [];
    documented.add(name);
    if (hasDocComment(file, statement)) return [];
    return [
      { path: file.path, line: file.lineOf(node.start), problem: `${name} has no doc comment` },
    ];
  });
}

interface Export {
  readonly name: string;
  readonly localName: string | null;
  readonly isType: boolean;
  readonly start: number;
}

/** The exports of a file that have a name, re-exports included. */
function exportsOf(file: SourceFile): Export[] {
  return file.module.staticExports.flatMap(({ entries }) => {
    return entries.flatMap(({ exportName, localName, isType, start: entryStart }) => {
      if (exportName.name === null) return [];
      const start = exportName.start ?? entryStart;
      return [{ name: exportName.name, localName: localName.name, isType, start }];
    });
  });
}

function isProduct(file: SourceFile): boolean {
  return file.path.startsWith('src/') && file.isTypeScript && !file.isTest;
}

function isFunctionOrClass(node: Node): boolean {
  const value = node.type === 'VariableDeclarator' ? node.init : node;
  return value !== null && /Function|Class/.test(value.type);
}

function hasDocComment(file: SourceFile, statement: Node): boolean {
  return file.comments.some(({ value, end }) => {
    if (!value.startsWith('*') || end > statement.start) return false;
    return /^\s*(\/\/.*\s*)*$/.test(file.text.slice(end, statement.start));
  });
}

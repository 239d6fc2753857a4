import type { Node } from 'oxc-parser';
import { nodesOf, type SourceFile } from '../source-file.ts';
import type { Violation } from './violation.ts';

const fileLinesMax = 500;
const functionLinesMax = 70;
const columnsMax = 100;

/** A file holds one idea. */
export function checkFileLength(file: SourceFile): Violation[] {
  if (!file.isTypeScript || file.lines.length <= fileLinesMax) return [];
  const problem = `${file.lines.length} lines, more than ${fileLinesMax}`;
  return [{ path: file.path, line: fileLinesMax + 1, problem }];
}

/** A function can be held in mind. The callback of a `describe` is a list of tests, not counted. */
export function checkFunctionLength(file: SourceFile): Violation[] {
  if (!file.isTypeScript) return [];
  const violations: Violation[] = [];
  const suites = new Set<Node>();
  for (const node of nodesOf(file.program)) {
    if (node.type === 'CallExpression' && /^describe\b/.test(textOf(file, node.callee))) {
      for (const argument of node.arguments) suites.add(argument);
    }
    if (!isFunction(node) || suites.has(node)) continue;
    const line = file.lineOf(node.start);
    const lines = file.lineOf(node.end) - line + 1;
    if (lines <= functionLinesMax) continue;
    const problem = `a function of ${lines} lines, more than ${functionLinesMax}`;
    violations.push({ path: file.path, line, problem });
  }
  return violations;
}

/** Lines fit in a window, but for those that a literal or an address makes longer. */
export function checkLineLength(file: SourceFile): Violation[] {
  if (!file.isTypeScript) return [];
  const long = file.lines.flatMap((text, index) => (text.length > columnsMax ? [index + 1] : []));
  if (long.length === 0) return [];
  const unbreakable = linesWithLongLiterals(file);
  return long
    .filter((line) => !unbreakable.has(line) && !hasLongAddress(file.lines[line - 1]!))
    .map((line) => {
      const problem = `${file.lines[line - 1]!.length} columns, more than ${columnsMax}`;
      return { path: file.path, line, problem };
    });
}

/** The lines in which a string, template or regular expression crosses the margin. */
function linesWithLongLiterals(file: SourceFile): Set<number> {
  const lines = new Set<number>();
  for (const node of nodesOf(file.program)) {
    if (node.type !== 'Literal' && node.type !== 'TemplateElement') continue;
    const last = file.lineOf(node.end);
    for (let line = file.lineOf(node.start); line <= last; line++) {
      const margin = file.offsetOf(line) + columnsMax;
      if (node.start < margin && node.end > margin) lines.add(line);
    }
  }
  return lines;
}

function hasLongAddress(text: string): boolean {
  for (const { index, 0: address } of text.matchAll(/https?:\/\/\S+/g)) {
    if (index < columnsMax && index + address.length > columnsMax) return true;
  }
  return false;
}

function isFunction({ type }: Node): boolean {
  return (
    type === 'FunctionDeclaration' ||
    type === 'FunctionExpression' ||
    type === 'ArrowFunctionExpression'
  );
}

function textOf(file: SourceFile, node: Node): string {
  return file.text.slice(node.start, node.end);
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import {
  type Comment,
  type EcmaScriptModule,
  type Node,
  type ParseResult,
  type Program,
  parseSync,
  visitorKeys,
} from 'oxc-parser';

/** A file of the repository, parsed when a question about its code is first asked. */
export class SourceFile {
  /** Relative to the root of the repository, with `/` between folders. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  #parsed: ParseResult | undefined;
  #lineStarts: number[] | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
    this.lines = text.replace(/\n$/, '').split('\n');
  }

  get isTypeScript(): boolean {
    return this.path.endsWith('.ts');
  }

  /** Whether it tests or measures the code beside it, and is no part of the product. */
  get isTest(): boolean {
    return /\.(test|fuzz|bench)\.ts$/.test(this.path);
  }

  get program(): Program {
    return this.#parse().program;
  }

  get module(): EcmaScriptModule {
    return this.#parse().module;
  }

  get comments(): readonly Comment[] {
    return this.#parse().comments;
  }

  /** The line, from 1, of an offset into the text. */
  lineOf(offset: number): number {
    this.#lineStarts ??= lineStartsOf(this.text);
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** The offset at which a line begins. */
  offsetOf(line: number): number {
    this.#lineStarts ??= lineStartsOf(this.text);
    return this.#lineStarts[line - 1] ?? this.text.length;
  }

  #parse(): ParseResult {
    if (this.#parsed) return this.#parsed;
    const parsed = parseSync(this.path, this.text);
    const [error] = parsed.errors;
    if (error) throw new Error(`${this.path}: ${error.message}`);
    this.#parsed = parsed;
    return parsed;
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

const foldersNotOurs = new Set(['.git', 'node_modules', 'dist', 'bench/results']);

/** Every file below the root that is written by hand and is text, in order of path. */
export function readRepository(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const readFolder = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !foldersNotOurs.has(path)) readFolder(path);
      if (!entry.isFile()) continue;
      const bytes = readFileSync(join(root, path));
      if (!bytes.includes(0)) files.push(new SourceFile(path, bytes.toString()));
    }
  };
  readFolder('');
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A node and everything below it, each before what it holds. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null>)[key];
    if (Array.isArray(child)) {
      for (const element of child) if (element) yield* nodesOf(element);
    } else if (child) {
      yield* nodesOf(child);
    }
  }
}

/** A name that a file defines at its top level, exported or not. */
export interface Definition {
  readonly name: string;
  /** The function, class or type; of a constant its name and value. */
  readonly node: Node;
  readonly statement: Node;
}

/** The definitions of a file in order; a name may come up again (overloads, a type and a value). */
export function definitionsOf(file: SourceFile): Definition[] {
  return file.program.body.flatMap((statement) => {
    const exported = statement.type === 'ExportNamedDeclaration' ? statement.declaration : null;
    const declared = exported ?? statement;
    const nodes = declared.type === 'VariableDeclaration' ? declared.declarations : [declared];
    return nodes.flatMap((node) => {
      if (!('id' in node) || node.id?.type !== 'Identifier') return [];
      return [{ name: node.id.name, node, statement }];
    });
  });
}

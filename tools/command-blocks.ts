import type { Expression, ObjectExpression, SpreadElement } from 'oxc-parser';
import { importsOf } from './imports.ts';
import { nodesOf, type SourceFile } from './source-file.ts';

/** The block of a command or subcommand, found by reading its source. */
export interface CommandBlock {
  /** In capitals, with the names of its containers in front: `CLIENT LIST`. */
  readonly name: string;
  readonly file: SourceFile;
  readonly line: number;
  readonly node: ObjectExpression;
}

/**
 * All command blocks of src/commands: object literals with a `name` and an `arity`. One that is
 * listed under `subcommands` of another, directly or through a constant, belongs to that one.
 */
export function findCommandBlocks(files: readonly SourceFile[]): CommandBlock[] {
  const sources = files.filter(
    (file) => file.path.startsWith('src/commands/') && file.isTypeScript && !file.isTest,
  );
  const constants = new Constants(sources);
  const blocks = sources.flatMap(findBlocks);
  const containers = new Map<ObjectExpression, CommandBlock>();
  for (const block of blocks) {
    const listed = valueIn(block.node, 'subcommands');
    if (!listed) continue;
    for (const node of constants.objectsIn(block.file, listed)) containers.set(node, block);
  }
  return blocks.map((block) => {
    const path = [block.name];
    let container = containers.get(block.node);
    while (container) {
      path.unshift(container.name);
      container = containers.get(container.node);
    }
    return { ...block, name: path.join(' ') };
  });
}

/** A property that is a text; undefined if there is none, or if not all of it is literal. */
export function textIn(object: ObjectExpression, property: string): string | undefined {
  const value = valueIn(object, property);
  return value && textOf(value);
}

/** Whether the block has the property at all. */
export function hasProperty(object: ObjectExpression, property: string): boolean {
  return valueIn(object, property) !== undefined;
}

function textOf(value: Expression): string | undefined {
  if (value.type === 'Literal') return String(value.value);
  if (value.type === 'TemplateLiteral' && value.expressions.length === 0) {
    return value.quasis[0]?.value.cooked ?? undefined;
  }
  if (value.type === 'BinaryExpression' && value.left.type !== 'PrivateIdentifier') {
    const [left, right] = [textOf(value.left), textOf(value.right)];
    return left === undefined || right === undefined ? undefined : left + right;
  }
  return undefined;
}

/** The blocks of one file, each with its own name only. */
function findBlocks(file: SourceFile): CommandBlock[] {
  const blocks: CommandBlock[] = [];
  for (const node of nodesOf(file.program)) {
    if (node.type !== 'ObjectExpression' || !hasProperty(node, 'arity')) continue;
    const name = textIn(node, 'name')?.toUpperCase();
    if (name) blocks.push({ name, file, line: file.lineOf(node.start), node });
  }
  return blocks;
}

function valueIn(object: ObjectExpression, name: string): Expression | undefined {
  for (const property of object.properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
    if (property.key.name === name) return property.value;
  }
  return undefined;
}

/** What the constants of some files stand for, in whichever of them they are defined. */
class Constants {
  readonly #values = new Map<string, readonly [SourceFile, Expression]>();
  readonly #aliases = new Map<string, string>();

  constructor(files: readonly SourceFile[]) {
    for (const file of files) {
      for (const { target, names } of importsOf(file)) {
        if (target === undefined || names === 'everything') continue;
        for (const [here, there] of names)
          this.#aliases.set(idOf(file.path, here), idOf(target, there));
      }
      for (const node of nodesOf(file.program)) {
        if (node.type !== 'VariableDeclarator' || node.id.type !== 'Identifier') continue;
        if (node.init) this.#values.set(idOf(file.path, node.id.name), [file, node.init]);
      }
    }
  }

  /** The object literals that an expression of a file lists. */
  objectsIn(file: SourceFile, expression: Expression | SpreadElement): ObjectExpression[] {
    switch (expression.type) {
      case 'ObjectExpression':
        return [expression];
      case 'ArrayExpression':
        return expression.elements.flatMap((item) => (item ? this.objectsIn(file, item) : []));
      case 'SpreadElement':
        return this.objectsIn(file, expression.argument);
      case 'Identifier': {
        const id = idOf(file.path, expression.name);
        const value = this.#values.get(this.#aliases.get(id) ?? id);
        return value ? this.objectsIn(...value) : [];
      }
      default:
        return [];
    }
  }
}

function idOf(path: string, name: string): string {
  return `${path} ${name}`;
}

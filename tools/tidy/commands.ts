import { parseSyntax } from '../../src/commands/syntax.ts';
import { type CommandBlock, findCommandBlocks, hasProperty, textIn } from '../command-blocks.ts';
import type { SourceFile } from '../source-file.ts';
import type { Violation } from './violation.ts';

/** The fields of a block that the documentation shows for every command. */
const documented = ['summary', 'since', 'group', 'complexity'];
/** Some commands have no cost that could be told, and say so. */
const mayBeEmpty = 'complexity';

/** A command is one block in one file. */
export function checkCommandNames(files: readonly SourceFile[]): Violation[] {
  const first = new Map<string, CommandBlock>();
  return findCommandBlocks(files).flatMap((block) => {
    const other = first.get(block.name);
    if (!other) first.set(block.name, block);
    return other ? [violation(block, `is at ${other.file.path}:${other.line} too`)] : [];
  });
}

/** Every command says what it does, since when, and what it costs. */
export function checkCommandDocs(files: readonly SourceFile[]): Violation[] {
  return findCommandBlocks(files).flatMap((block) => {
    const missing = documented.filter((field) => {
      const text = textIn(block.node, field);
      if (!hasProperty(block.node, field)) return true;
      if (text === '' && field === mayBeEmpty) return false;
      return text !== undefined && /^\s*(TODO.*)?$/.test(text);
    });
    return missing.map((field) => violation(block, `has no ${field}`));
  });
}

/** The argument grammar is read only when a client asks for it, so it is tried here. */
export function checkCommandSyntax(files: readonly SourceFile[]): Violation[] {
  return findCommandBlocks(files).flatMap((block) => {
    try {
      parseSyntax(textIn(block.node, 'syntax') ?? '');
      return [];
    } catch (error) {
      return [violation(block, String(error))];
    }
  });
}

function violation({ name, file, line }: CommandBlock, what: string): Violation {
  return { path: file.path, line, problem: `${name} ${what}` };
}

/**
 * The rules of STYLE.md that a machine can check: `npm run tidy` lists where they are broken. They
 * run as a test too.
 */
import { fileURLToPath } from 'node:url';
import { readRepository, type SourceFile } from './source-file.ts';
import { checkCommandDocs, checkCommandNames, checkCommandSyntax } from './tidy/commands.ts';
import {
  checkAny,
  checkContracts,
  checkDefaultExports,
  checkUnusedExports,
} from './tidy/exports.ts';
import { checkImportExtensions, checkLayers } from './tidy/layers.ts';
import { checkFileLength, checkFunctionLength, checkLineLength } from './tidy/sizes.ts';
import type { Violation } from './tidy/violation.ts';
import { checkFileName, checkForeignWords } from './tidy/words.ts';

const checksOfOneFile = [
  checkLayers,
  checkImportExtensions,
  checkFileLength,
  checkFunctionLength,
  checkLineLength,
  checkFileName,
  checkForeignWords,
  checkDefaultExports,
  checkAny,
  checkContracts,
];

const checksOfAllFiles = [
  checkUnusedExports,
  checkCommandNames,
  checkCommandDocs,
  checkCommandSyntax,
];

/** Every place in the files that breaks a rule, as `path:line problem`, in order of path. */
export function tidy(files: readonly SourceFile[]): string[] {
  const violations: Violation[] = [
    ...checksOfOneFile.flatMap((check) => files.flatMap((file) => check(file))),
    ...checksOfAllFiles.flatMap((check) => check(files)),
  ];
  const byPlace = (a: Violation, b: Violation) =>
    a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1;
  return violations.sort(byPlace).map(({ path, line, problem }) => `${path}:${line} ${problem}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = tidy(readRepository(fileURLToPath(new URL('..', import.meta.url))));
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

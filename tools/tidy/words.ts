import { basename } from 'node:path/posix';
import type { SourceFile } from '../source-file.ts';
import type { Violation } from './violation.ts';

const vagueNames = /^(utils?|helpers?|managers?|misc|commons?)$/;

/** Files are named after things, not after the lack of a better name. */
export function checkFileName(file: SourceFile): Violation[] {
  const vague = basename(file.path)
    .toLowerCase()
    .split(/[-_.]/)
    .find((word) => vagueNames.test(word));
  if (!vague) return [];
  return [{ path: file.path, line: 1, problem: `the name says only "${vague}"` }];
}

/** What belongs to the place where a file was written, not to the project. */
const foreignWords = [/\bsub-?agents?\b/i, /\bhelper sessions?\b/i, /(?<![\w.~-])\/work\//];

/** The project does not speak of the workshop it was made in. */
export function checkForeignWords(file: SourceFile): Violation[] {
  return file.lines.flatMap((text, index) => {
    const word = foreignWords.map((pattern) => pattern.exec(text)?.[0]).find(Boolean);
    if (!word) return [];
    return [{ path: file.path, line: index + 1, problem: `speaks of "${word}"` }];
  });
}

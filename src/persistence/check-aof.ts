/**
 * `redstart check-aof [--fix] FILE`: prints what is in an append-only file, told by its manifest or
 * by one of its parts, and where it is damaged. What is cut off can be fixed: the last part then
 * ends with its last whole command, or transaction.
 */
import { basename, dirname, join } from 'node:path';
import { checkPart, type PartFindings } from './aof-check.ts';
import { type LogFileSystem, SYSTEM_LOG_FILES } from './aof-file.ts';
import { readWhole } from './aof-files.ts';
import { Manifest, ManifestError } from './manifest.ts';

/** Prints the findings; the exit code: 0 when the file can be loaded, else 1. */
export function checkAof(
  args: readonly string[],
  print: (line: string) => void,
  files: LogFileSystem = SYSTEM_LOG_FILES,
): number {
  const fixes = args[0] === '--fix';
  const [path, ...others] = fixes ? args.slice(1) : args;
  if (path === undefined || others.length > 0 || path.startsWith('--')) {
    print('Usage: redstart check-aof [--fix] <file.manifest | file.aof>');
    return 1;
  }
  try {
    const parts = path.endsWith('.manifest') ? partsOf(files, path) : [path];
    return checkParts(files, parts, fixes, print);
  } catch (problem) {
    const reason = problem instanceof Error ? problem.message : String(problem);
    const place = problem instanceof ManifestError ? `, line ${problem.line}` : '';
    print(`Cannot read ${path}${place}: ${reason}`);
    return 1;
  }
}

/** The files that a manifest names, in the order in which they are loaded. */
function partsOf(files: LogFileSystem, path: string): string[] {
  const manifest = Manifest.parse(readWhole(files, path));
  return manifest.parts.map(({ name }) => join(dirname(path), name));
}

function checkParts(
  files: LogFileSystem,
  parts: readonly string[],
  fixes: boolean,
  print: (line: string) => void,
): number {
  let code = 0;
  const all = parts.map((path) => checkOne(files, path));
  const last = all.findLastIndex(({ bytes }) => bytes > 0);
  parts.forEach((path, i) => {
    const findings = all[i]!;
    for (const line of describe(path, findings)) print(line);
    if (findings.damage === null) return;
    const isLast = i >= last;
    if (!findings.isTruncated || !isLast) {
      if (findings.isTruncated) print('Only the last file can be fixed.');
      code = 1;
    } else if (fixes) {
      files.truncate(path, findings.soundBytes);
      print(`Fixed: ${basename(path)} now ends at byte ${findings.soundBytes}.`);
    } else {
      print('It can be fixed with --fix.');
      code = 1;
    }
  });
  return code;
}

function checkOne(files: LogFileSystem, path: string): PartFindings {
  const file = files.openToRead(path);
  try {
    return checkPart(file, Date.now());
  } finally {
    file.close();
  }
}

function describe(path: string, findings: PartFindings): string[] {
  const { bytes, keys, commands, transactions, soundBytes, damage, isTruncated } = findings;
  const lines = [`${path}: ${bytes} bytes`];
  if (keys > 0) lines.push(`keys of its snapshot: ${keys}`);
  lines.push(`commands: ${commands}, in ${transactions} transactions or alone`);
  if (damage === null) lines.push('It is whole.');
  else if (isTruncated) {
    lines.push(`It is cut off: ${damage.message} (byte ${damage.offset}).`);
    lines.push(`What is whole ends at byte ${soundBytes}; ${bytes - soundBytes} bytes are not.`);
  } else {
    lines.push(`It is damaged at byte ${damage.offset}: ${damage.message}`);
  }
  return lines;
}

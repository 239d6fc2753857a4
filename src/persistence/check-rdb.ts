/** `redstart check-rdb FILE`: prints what is in a snapshot and where it is damaged. */
import { SYSTEM_FILES } from './file-system.ts';
import { UnsupportedValueError } from './rdb-error.ts';
import { checkSnapshot, type SnapshotFindings } from './snapshot-check.ts';

/** Prints the findings; the exit code: 0 when the file can be loaded, else 1. */
export function checkRdb(args: readonly string[], print: (line: string) => void): number {
  const [path] = args;
  if (path === undefined || args.length > 1) {
    print('Usage: redstart check-rdb <file>');
    return 1;
  }
  let findings: SnapshotFindings;
  try {
    const file = SYSTEM_FILES.openToRead(path);
    try {
      findings = checkSnapshot(file, Date.now());
    } finally {
      file.close();
    }
  } catch (problem) {
    print(`Cannot read ${path}: ${problem instanceof Error ? problem.message : String(problem)}`);
    return 1;
  }
  for (const line of describe(path, findings)) print(line);
  return findings.damage === null ? 0 : 1;
}

function describe(path: string, findings: SnapshotFindings): string[] {
  const { version, bytes, read, facts, databases, types, libraries, modules, damage } = findings;
  const lines = [`${path}: ${bytes} bytes`];
  if (version > 0) lines.push(`version ${version}`);
  for (const [name, value] of facts) lines.push(`${name}: ${value}`);
  if (libraries > 0) lines.push(`libraries of functions: ${libraries}`);
  for (const module of modules) lines.push(`data of the module ${module}, passed over`);
  for (const [id, { keys, expiring, expired }] of databases) {
    lines.push(`database ${id}: ${keys} keys, ${expiring} expire, ${expired} are due`);
  }
  for (const [type, count] of types) lines.push(`${type}: ${count}`);
  if (damage === null) lines.push(`It is whole: ${read} bytes were read.`);
  else if (damage instanceof UnsupportedValueError) {
    lines.push(`It cannot be loaded, for what is at byte ${damage.offset}: ${damage.message}`);
  } else {
    lines.push(`It is damaged at byte ${damage.offset}: ${damage.message}`);
  }
  return lines;
}

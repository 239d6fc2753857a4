/** What V8 has made of the program is kept beside it, taken at the next start, never in the way. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLineRun } from '../support/command-line.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

let folder: string;
let compiled: string;

/** An installation of its own. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redstart-compiled-'));
  compiled = join(folder, 'compiled');
  for (const name of ['cli.js', 'program.cjs']) copyFileSync(join(DIST, name), join(folder, name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Starts the server and ends it once it is ready; answers its log. */
async function start(environment: Readonly<Record<string, string>> = {}) {
  const flags = ['--port', '0', '--save', '', '--loglevel', 'verbose'];
  const cli = join(folder, 'cli.js');
  const run = new CommandLineRun(flags, { cwd: folder, cli, environment });
  try {
    await run.ready();
    expect(await run.signal('SIGTERM')).toBe(0);
    expect(run.stderr).toBe('');
    return run.log();
  } finally {
    await run.kill();
  }
}

/** The one file that is kept. */
function keptFile(): string {
  const names = readdirSync(compiled);
  expect(names).toHaveLength(1);
  return join(compiled, names[0]!);
}

/** Starts once, has the file changed, starts again; whether that took the file as it was. */
async function isTakenAfter(change: (path: string) => void): Promise<boolean> {
  await start();
  const path = keptFile();
  change(path);
  const { ino } = statSync(path);
  await start();
  return statSync(keptFile()).ino === ino;
}

it('is kept by the first start and taken by the second', async () => {
  expect(await isTakenAfter(() => undefined)).toBe(true);
  expect(statSync(keptFile()).size).toBeGreaterThan(100_000);
  expect(statSync(keptFile()).mode & 0o777).toBe(0o644);
});

describe('is made anew', () => {
  it('after a byte has changed', async () => {
    const damage = (path: string) => {
      const bytes = readFileSync(path);
      const middle = bytes.length >> 1;
      bytes[middle]! ^= 1;
      writeFileSync(path, bytes);
    };
    expect(await isTakenAfter(damage)).toBe(false);
    expect(await isTakenAfter(() => undefined)).toBe(true);
  });

  it.each([0, 20, 5000])('after it has been cut to %i bytes', async (length) => {
    const cut = (path: string) => writeFileSync(path, readFileSync(path).subarray(0, length));
    expect(await isTakenAfter(cut)).toBe(false);
  });

  it('for another program of the same length', async () => {
    const program = join(folder, 'program.cjs');
    const change = () => {
      const text = readFileSync(program, 'latin1');
      expect(text).toContain('bye bye');
      writeFileSync(program, text.replace('bye bye', 'goodbye'));
    };
    expect(await isTakenAfter(change)).toBe(false);
    expect(JSON.stringify(await start())).toContain('goodbye');
  });

  it('where others may have written it', async () => {
    expect(await isTakenAfter((path) => chmodSync(path, 0o666))).toBe(false);
  });

  it.skipIf(process.geteuid?.() !== 0)('where a stranger has written it', async () => {
    expect(await isTakenAfter((path) => chownSync(path, 4711, 4711))).toBe(false);
  });
});

it('where nothing can be written, the server starts and says so to who asks', async () => {
  writeFileSync(compiled, '');
  const log = await start();
  expect(log).toContainEqual(
    expect.objectContaining({
      level: 'verbose',
      msg: 'Each start compiles the program',
      reason: expect.stringContaining('EEXIST') as string,
    }),
  );
});

it('is neither taken nor kept where Node is told so, or reads source maps', async () => {
  await start({ NODE_DISABLE_COMPILE_CACHE: '1' });
  await start({ NODE_OPTIONS: '--enable-source-maps' });
  expect(existsSync(compiled)).toBe(false);
});

it('what other versions have left does not pile up', async () => {
  mkdirSync(compiled);
  for (let age = 1; age <= 10; age++) {
    const path = join(compiled, `v${age}`);
    writeFileSync(path, '');
    utimesSync(path, 1e9 - age, 1e9 - age);
  }
  await start();
  const names = readdirSync(compiled);
  expect(names).toHaveLength(8);
  expect(names.filter((name) => !name.startsWith(process.version)).sort()).toEqual(
    Array.from({ length: 7 }, (_, index) => `v${index + 1}`),
  );
});

it('packages that have become part of the program come with their licences', () => {
  const text = readFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const name of ['pino', 'sonic-boom', 'thread-stream']) {
    expect(text).toMatch(new RegExp(`^${name} [0-9.]+ \\(MIT\\)$`, 'm'));
  }
  const sections = text.match(/^\S+ [0-9.]+ \(.*\)$/gm)!;
  const texts = text.match(/permission notice shall be included/gi)!;
  expect(texts).toHaveLength(sections.length);
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findDirective } from '../../src/engine/config-table.ts';
import { OWN_DIRECTIVES, usage } from '../../src/server/usage.ts';
import { available } from '../support/server.ts';

const PAGE = fileURLToPath(new URL('../../man/redstart.1', import.meta.url));
const page = readFileSync(PAGE, 'utf8');

/** mandoc has no option that answers and does nothing else. */
const hasMandoc = spawnSync('mandoc', [PAGE], { stdio: 'ignore' }).error === undefined;

describe('the manual page', () => {
  it.skipIf(!hasMandoc)('is what mandoc wants', () => {
    const { stdout, status } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', PAGE], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it.skipIf(!available('man'))('is what man wants', () => {
    const args = ['--warnings', '-E', 'UTF-8', '-Tutf8', '-l', PAGE];
    const { stdout, stderr } = spawnSync('man', args, {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80', PAGER: 'cat' },
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('redstart');
  });

  it('names directives that there are, and all that are our own', () => {
    const named = [...page.matchAll(/\.It Fl -([a-z-]+)/g)].map(([, name]) => name!);
    const directives = named.filter((name) => name !== 'help' && name !== 'version');
    expect(directives.length).toBeGreaterThan(10);
    for (const name of directives) expect(findDirective(name), name).toBe(name);
    for (const name of OWN_DIRECTIVES) expect(directives).toContain(name);
  });
});

it('the usage names all directives of our own, with default and meaning', () => {
  for (const name of OWN_DIRECTIVES) expect(usage()).toContain(`--${name} `);
  expect(usage()).toContain('--http-port <integer 0..65535> (default 0)\n');
  for (const line of usage().split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(root, 'node_modules', 'tally-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('counts what passed, failed and was skipped, and takes what is broken for failed', () => {
  const files = {
    'mixed.test.ts': `
      it('passes', () => {});
      it('fails', () => { throw new Error('no'); });
      it.skip('is skipped', () => {});
      it.todo('is to do');
      describe('setup fails', () => {
        beforeAll(() => { throw new Error('no server'); });
        it('cannot run', () => {});
        describe('deeper', () => it('cannot run either', () => {}));
      });
      describe('teardown fails', () => {
        afterAll(() => { throw new Error('no'); });
        it('passes', () => {});
      });`,
    'unloadable.test.ts': "throw new Error('no');",
    'stray.test.ts': "it('passes', () => { setTimeout(() => { throw new Error('stray'); }); });",
    'vitest.config.ts': 'export default { test: { globals: true } };',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const tally = join(folder, 'tally');
  const reporter = `--reporter=${join(root, 'tools/tally-reporter.ts')}`;
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', `--root=${folder}`, reporter], {
    env: { ...process.env, TALLY: tally },
  });
  expect(status).not.toBe(0);
  expect(readFileSync(tally, 'utf8')).toBe('3 passed, 6 failed, 2 skipped\n');
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { REDSTART_VERSION } from './version.ts';

it('has the version that the package has', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version }: { version: string } = JSON.parse(text);
  expect(REDSTART_VERSION).toBe(version);
});

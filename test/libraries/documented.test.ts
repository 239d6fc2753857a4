/** docs/libraries.md says the truth: what it lists is installed in that version, and tested. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, root)), 'utf8');

const rows = [...read('docs/libraries.md').matchAll(/^\| (\S+) \| (\d\S+) \| (.+) \|$/gm)];
const tests = readdirSync(fileURLToPath(new URL('test/libraries/', root)));
const imported = tests.flatMap((name) => {
  const text = read(`test/libraries/${name}`);
  return [...text.matchAll(/(?:from |import\.meta\.url\)\()'([^']+)'/g)].map((match) => match[1]);
});
const manifest = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };

/** The version of a package that is installed. */
function installed(name: string): string {
  return (JSON.parse(read(`node_modules/${name}/package.json`)).version as string).replace('v', '');
}

describe('docs/libraries.md', () => {
  it('lists libraries', () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  it.each(rows.map(([, name, version]) => [name!, version!]))('%s %s', (name, version) => {
    expect(installed(name)).toBe(version);
    expect(manifest.devDependencies).toHaveProperty([name]);
    expect(imported).toContain(name);
  });

  it('names the versions of what those libraries work with', () => {
    const others = [
      ...read('docs/libraries.md').matchAll(/(express-session|graphql) (\d+\.\S+?)[ ;]/g),
    ];
    expect(others.map(([, name]) => name)).toEqual(['express-session', 'graphql']);
    for (const [, name, version] of others) expect(installed(name!)).toBe(version);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandPath, hasPathWildcard } from './config-include.ts';

describe('paths with wildcards', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'redstart-include-'));
    for (const directory of ['a.d', 'b.d', 'c']) mkdirSync(join(root, directory));
    for (const file of ['a.d/2.conf', 'a.d/1.conf', 'a.d/.hidden.conf', 'b.d/3.conf', 'c/4.conf']) {
      writeFileSync(join(root, file), '');
    }
    writeFileSync(join(root, 'x[1].conf'), '');
  });
  afterAll(() => rmSync(root, { recursive: true }));

  function expand(pattern: string): string[] {
    return expandPath(join(root, pattern)).map((path) => relative(root, path));
  }

  it('name files in order', () => {
    expect(expand('a.d/*.conf')).toEqual(['a.d/1.conf', 'a.d/2.conf']);
    expect(expand('*.d/?.conf')).toEqual(['a.d/1.conf', 'a.d/2.conf', 'b.d/3.conf']);
    expect(expand('[!a].d/*')).toEqual(['b.d/3.conf']);
    expect(expand('[^a].d/*')).toEqual(['b.d/3.conf']);
    expect(expand('*/[2-4].conf')).toEqual(['a.d/2.conf', 'b.d/3.conf', 'c/4.conf']);
    expect(expand('x\\[1].c*')).toEqual(['x[1].conf']);
  });

  it('name hidden files only when they say so', () => {
    expect(expand('a.d/.*.conf')).toEqual(['a.d/.hidden.conf']);
  });

  it('do not reach across a slash, and may name nothing', () => {
    expect(expand('*.conf/x')).toEqual([]);
    expect(expand('*4.conf')).toEqual([]);
    expect(expand('none/*.conf')).toEqual([]);
    expect(expand('a.d/1.conf/*')).toEqual([]);
  });

  it('are those with a star, a question mark or a bracket', () => {
    for (const path of ['/a*', '/a?b', '/[a]']) expect(hasPathWildcard(path)).toBe(true);
    for (const path of ['/a', '/a.conf', '/{a}']) expect(hasPathWildcard(path)).toBe(false);
  });
});

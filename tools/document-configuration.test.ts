import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DIRECTIVE_NAMES, type DirectiveName, directiveOf } from '../src/engine/config-table.ts';
import { CONFIGURATION_DOCUMENT, configurationDocument } from './document-configuration.ts';
import { readRepository } from './source-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('the document of the configuration', () => {
  it('is what "npm run docs:configuration" writes', () => {
    const written = readFileSync(`${root}/${CONFIGURATION_DOCUMENT}`, 'utf8');
    expect(written, 'run "npm run docs:configuration"').toBe(configurationDocument());
  });

  it('has every directive once', () => {
    const text = configurationDocument();
    const rows = [...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    const [, tail] = text.split('## Accepted without effect');
    const listed = [...tail!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name);
    expect([...rows, ...listed].sort()).toEqual([...DIRECTIVE_NAMES].sort());
  });

  it('has five cells in every row of its tables', () => {
    for (const row of configurationDocument().match(/^\|.*\|$/gm)!) {
      expect(row.replaceAll('\\|', '').split('|'), row).toHaveLength(7);
    }
  });
});

/** Shown by INFO, and not acted upon. */
const SHOWN_ONLY: readonly DirectiveName[] = ['hz', 'maxmemory', 'repl-backlog-size'];
/** Acted upon by the kind of its value, which refuses `yes`. */
const REFUSED: readonly DirectiveName[] = ['cluster-enabled', 'daemonize'];

/**
 * The marks of the table must not fall behind the code: documentation and log would say of a
 * directive that it has no effect when it has, or the other way round.
 */
describe('the marks of directives', () => {
  const readers = readRepository(root).filter(({ path, isTypeScript, isTest }) => {
    return isTypeScript && !isTest && /^src\/(?!engine\/config-(?!file|settings))/.test(path);
  });

  /** Whether the program reads a directive somewhere, other than to show it in INFO. */
  function isRead(name: DirectiveName): boolean {
    const uses = [`values['${name}']`, `textOf('${name}')`, `values.${name}`, `get('${name}')`];
    return readers.some(({ path, text }) => {
      if (path.startsWith('src/commands/info/') && SHOWN_ONLY.includes(name)) return false;
      return uses.some((use) => new RegExp(`${quoted(use)}(?![\\w-])`).test(text));
    });
  }

  it.each(DIRECTIVE_NAMES)('%s: says whether something reads it', (name) => {
    const { effect } = directiveOf(name);
    const wanted = isRead(name) ? 'used' : 'planned or accepted';
    const marked = effect === 'used' ? 'used' : 'planned or accepted';
    if (!REFUSED.includes(name)) expect(marked, `the mark of ${name} in the table`).toBe(wanted);
  });
});

function quoted(text: string): string {
  return text.replaceAll(/[[\]().]/g, '\\$&');
}

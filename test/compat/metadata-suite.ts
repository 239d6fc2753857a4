import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../support/server.ts';
import type { CommandMetadata } from './command-metadata.ts';
import { changedIn72, newIn72 } from './command-metadata-72.ts';
import { askCommands, askConfig, expectedCommands, recordedConfig } from './metadata-recording.ts';
import type { Dialect } from './script.ts';

/** Declares the tests that compare COMMAND INFO, COMMAND DOCS and the configuration's defaults. */
export function compareMetadata(
  start: () => Promise<RunningServer>,
  dialect: Dialect,
  ownDefaults: ReadonlyMap<string, string> = new Map(),
): void {
  let server: RunningServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  const expected = expectedCommands(dialect);
  const groups = new Set([...expected.values()].map(({ group }) => group));
  describe.each([2, 3] as const)('RESP%i', (protocol) => {
    for (const group of [...groups].sort()) {
      it(`COMMAND INFO and DOCS of the commands of group ${group}`, async (context) => {
        const actual = await askCommands(server.port, protocol);
        const names = [...expected.keys()].filter((name) => expected.get(name)!.group === group);
        const known = names.filter((name) => actual.has(name));
        if (known.length === 0) return context.skip('the server has none of them');
        const differences = known.flatMap((name) =>
          differencesOf(name, expected.get(name)!, actual.get(name)!),
        );
        if (differences.length > 0) throw new Error(differences.join('\n'));
      });
    }

    it('has no command that Redis does not have', async () => {
      const actual = await askCommands(server.port, protocol);
      expect([...actual.keys()].filter((name) => !expected.has(name))).toEqual([]);
    });
  });

  it('starts with the default configuration', async () => {
    const defaults = new Map([...recordedConfig(), ...ownDefaults]);
    const differences = [...(await askConfig(server.port))].filter(
      ([name, value]) => defaults.has(name) && defaults.get(name) !== value,
    );
    expect(differences).toEqual(differences.map(([name]) => [name, defaults.get(name)]));
  });
}

/** Declares the test that the marks of what 7.2 changed are not outdated. */
export function checkMarks(): void {
  it('marks as different in 7.2 only what is', () => {
    const recorded = expectedCommands('7.0');
    const same = Object.entries(changedIn72).flatMap(([name, changes]) =>
      Object.entries(changes)
        .filter(([field, value]) => recorded.get(name)?.[field as keyof CommandMetadata] === value)
        .map(([field]) => `${name}: ${field}`),
    );
    expect(same).toEqual([]);
    expect(Object.keys(newIn72).filter((name) => recorded.has(name))).toEqual([]);
  });
}

function differencesOf(name: string, expected: CommandMetadata, actual: CommandMetadata): string[] {
  return (Object.keys(expected) as (keyof CommandMetadata)[])
    .filter((field) => !fits(field, expected[field], actual[field]))
    .map(
      (field) => `${name}: ${field}\n  expected ${expected[field]}\n  received ${actual[field]}`,
    );
}

/** Texts may be more than Redis has: it leaves out the complexity of some commands. */
function fits(
  field: keyof CommandMetadata,
  expected: string | number,
  actual: string | number,
): boolean {
  if (field !== 'texts') return expected === actual;
  const words = String(actual).split(' ');
  return String(expected)
    .split(' ')
    .every((word) => words.includes(word));
}

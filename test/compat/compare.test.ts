import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';
import type { Encoded } from './encoded.ts';
import { between, doubles, matching, near, oneOf, sorted, sortedPairs } from './normalise.ts';
import { expectedOutcome, labelOf, type RecordedStep, recordingFault } from './recording.ts';
import { compareCase, recordCase } from './run-case.ts';
import { covers, defineScript, in72, type Line, receive, type Step, wait } from './script.ts';

const normalise = (line: Step, reply: Encoded): Encoded =>
  line.normalisers.reduce((current, each) => each(current, '7.0'), reply);

describe('Normalisers replace what passes and leave what fails', () => {
  it.each([
    [near('X', 100, 2), ':98', ':100'],
    [near('X', 100, 2), ':97', ':97'],
    [near('X', 100, 2), ':101', ':101'],
    [near('X', 100, 2), '-ERR', '-ERR'],
    [between('X', 1, 5), ':5', ':<1..5>'],
    [between('X', 1, 5), ':6', ':6'],
    [between('X', 0, 5), '$', '$'],
    [matching('X', /\d+/), '$12', '$<\\d+>'],
    [matching('X', /\d+/), '$12a', '$12a'],
    [oneOf('X', '$a', '$b'), '$b', '<one of "$a" "$b">'],
    [oneOf('X', '$a', '$b'), '$c', '$c'],
    [sorted('X'), ['$b', '$a'], ['$a', '$b']],
    [sorted('X'), { '~': ['$b', '$a'] }, { '~': ['$a', '$b'] }],
    [sortedPairs('X'), ['$b', '$1', '$a', '$2'], ['$a', '$2', '$b', '$1']],
  ] as [Step, Encoded, Encoded][])('case %#', (step, reply, normal) => {
    expect(normalise(step, reply)).toEqual(normal);
  });

  it.each([
    ['3.1000000000000001', '3.1'],
    ['0.10000000000000001', '0.1'],
    ['1e+18', '1000000000000000000'],
    ['1e+20', '1e+20'],
    ['1690000000.1234567', '1.6900000001234567e+9'],
    ['1.5e-08', '1.5e-8'],
    ['0.00012300000000000001', '0.000123'],
    ['-123.45699999999999', '-123.457'],
    ['3', '3'],
    ['inf', 'inf'],
  ])('the double %s of 7.0 is %s in 7.2', (old, recent) => {
    expect(normalise(doubles('X'), `,${old}`)).toBe(`,${recent}`);
  });
});

describe('A mark for 7.2', () => {
  const [step] = steps(in72('X', 'why', '+new', '+new3'));
  const recorded: RecordedStep = { label: labelOf(step!), resp2: '+old', resp3: '+old' };

  it('asks 7.0 for what was recorded, and 7.2 for what the mark says', () => {
    expect(expectedOutcome(step!, recorded, 2, '7.0')).toBe('+old');
    expect(expectedOutcome(step!, recorded, 2, '7.2')).toBe('+new');
    expect(expectedOutcome(step!, recorded, 3, '7.2')).toBe('+new3');
  });

  it('is a fault when 7.0 answers the same', () => {
    expect(recordingFault(step!, recorded)).toBeNull();
    expect(recordingFault(step!, { ...recorded, resp2: '+new', resp3: '+new3' })).not.toBeNull();
  });
});

describe('compareCase', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const compare = (lines: readonly Line[], replies: readonly (Encoded | null)[]) => {
    const [each] = defineScript({ each: lines }).cases;
    const recorded = each!.steps.map((step, i) => {
      return { label: labelOf(step), resp2: replies[i]!, resp3: replies[i]! };
    });
    return compareCase(each!, recorded, { port: server.port, dialect: '7.2' }, 2);
  };

  it('passes equal replies', async () => {
    expect(await compare(['SET k v', 'GET k', wait(1)], ['+OK', '$v', null])).toBeNull();
  });

  it('reports every step that differs, in type as well as in text', async () => {
    const report = await compare(['SET k v', 'GET k', 'DBSIZE'], ['$OK', '$v', ':2']);
    expect(report).toContain('2 of 3 steps differ');
    expect(report).toContain('step 1: SET k v\n    expected "$OK"\n    received "+OK"');
    expect(report).toContain('step 3: DBSIZE');
  });

  it('asks of a covering step only what was recorded', async () => {
    await compare(['MSET a 1 b 2'], ['+OK']);
    const keys = covers('MGET a b c');
    const setUp = 'MSET a 1 b 2 c 3';
    expect(await compare([setUp, keys], ['+OK', ['$3', '$1']])).toBeNull();
    expect(await compare([setUp, keys], ['+OK', ['$1', '$9']])).toContain('lacks ["$9"]');
  });

  it('stops at a missing reply', async () => {
    const report = await compare([receive(), 'PING'], ['+OK', '+PONG']);
    expect(report).toContain('no reply within');
    expect(report).toContain('the 1 steps after that were not run');
  });

  it('starts every case from an empty server with its first configuration', async () => {
    const [first, second] = defineScript({
      first: ['SELECT 3', 'SET k v', 'CONFIG SET maxmemory-samples 9'],
      second: ['SELECT 3', 'EXISTS k', 'CONFIG GET maxmemory-samples'],
    }).cases;
    const target = { port: server.port, dialect: '7.2' } as const;
    await recordCase(first!, target, 2);
    const outcomes = await recordCase(second!, target, 2);
    expect(outcomes).toEqual(['+OK', ':0', ['$maxmemory-samples', '$5']]);
  });
});

function steps(...lines: Line[]): readonly Step[] {
  return defineScript({ only: lines }).cases[0]!.steps;
}

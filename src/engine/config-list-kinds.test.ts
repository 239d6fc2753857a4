import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kind, type Setting, splitValue } from './config-directive.ts';
import {
  ADDRESSES,
  DIRECTORY,
  KEYSPACE_EVENTS,
  MASTER_ADDRESS,
  OOM_SCORES,
  OUTPUT_BUFFER_LIMITS,
  PERCENTILES,
  SAVE_POINTS,
  SHUTDOWN_OPTIONS,
} from './config-list-kinds.ts';

/** Reads a value as CONFIG SET does. */
function read<T>(kind: Kind<T>, value: string, current?: Setting<T>): Setting<T> {
  return kind.parse(splitValue(kind, Buffer.from(value)), current, false);
}

function outcome(kind: Kind<unknown>, value: string): string {
  try {
    return read(kind, value).text;
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

function line(kind: Kind<unknown>, value: string): readonly string[] {
  return kind.lines(read(kind, value));
}

describe('save points', () => {
  it('are pairs of seconds and changes', () => {
    expect(read(SAVE_POINTS, '3600 1 300 0')).toEqual({
      value: [
        { seconds: 3600, changes: 1 },
        { seconds: 300, changes: 0 },
      ],
      text: '3600 1 300 0',
    });
    expect(read(SAVE_POINTS, '')).toEqual({ value: [], text: '' });
  });

  it.each(['x', '1', '1 2 3', '0 1', '1 -1', '-1 1', '1 x', ' 5 6', '5  6', '5 6 ', '1.5 1'])(
    'refuse %j',
    (value) => {
      expect(outcome(SAVE_POINTS, value)).toBe('refused: Invalid save parameters');
    },
  );

  it('accumulate within one load, until an empty word clears them', () => {
    const parse = (words: string[], current: Setting<never>, again: boolean) =>
      SAVE_POINTS.parse(
        words.map((word) => Buffer.from(word)),
        current,
        again,
      ) as Setting<never>;
    const initial = read(SAVE_POINTS, '9 9') as Setting<never>;
    const first = parse(['1', '1'], initial, false);
    const second = parse(['2', '2', '3', '3'], first, true);
    const nothing = parse([], second, true);
    const cleared = parse([''], nothing, true);
    const last = parse(['4', '4'], cleared, true);
    expect([first, second, nothing, cleared, last].map((setting) => setting.text)).toEqual([
      '1 1',
      '1 1 2 2 3 3',
      '1 1 2 2 3 3',
      '',
      '4 4',
    ]);
  });

  it('are written one per line', () => {
    expect(line(SAVE_POINTS, '3600 1 300 100')).toEqual(['3600 1', '300 100']);
    expect(line(SAVE_POINTS, '')).toEqual(['""']);
  });
});

describe('output buffer limits', () => {
  const before = read(OUTPUT_BUFFER_LIMITS, 'normal 1 2 3 slave 4 5 6 pubsub 7 8 9');

  it('change the classes that are named', () => {
    const after = read(OUTPUT_BUFFER_LIMITS, 'REPLICA 1mb 1k 60', before);
    expect(after.text).toBe('normal 1 2 3 slave 1048576 1000 60 pubsub 7 8 9');
    expect(after.value.replica).toEqual({ hardBytes: 1048576, softBytes: 1000, softSeconds: 60 });
    expect(before.value.replica.hardBytes).toBe(4);
    expect(read(OUTPUT_BUFFER_LIMITS, '', before).text).toBe(before.text);
    expect(read(OUTPUT_BUFFER_LIMITS, 'normal 0 0 0 normal 9 9 9', before).value.normal).toEqual({
      hardBytes: 9,
      softBytes: 9,
      softSeconds: 9,
    });
  });

  it.each([
    ['normal 0 0', 'Wrong number of arguments in buffer limit configuration.'],
    ['normal 0 0 0 slave', 'Wrong number of arguments in buffer limit configuration.'],
    ['master 0 0 0', 'Invalid client class specified in buffer limit configuration.'],
    ['constructor 0 0 0', 'Invalid client class specified in buffer limit configuration.'],
    ['normal -1 0 0', 'Error in hard, soft or soft_seconds setting in buffer limit configuration.'],
    ['normal 1 1x 0', 'Error in hard, soft or soft_seconds setting in buffer limit configuration.'],
    ['normal 1 1 -1', 'Error in hard, soft or soft_seconds setting in buffer limit configuration.'],
    ['normal 1 1 1s', 'Error in hard, soft or soft_seconds setting in buffer limit configuration.'],
    [
      'normal 9007199254740993 0 0',
      'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
    ],
  ])('refuse %j', (value, refusal) => {
    expect(outcome(OUTPUT_BUFFER_LIMITS, value)).toBe(`refused: ${refusal}`);
  });

  it('are written one class per line', () => {
    expect(OUTPUT_BUFFER_LIMITS.lines(before)).toEqual([
      'normal 1 2 3',
      'slave 4 5 6',
      'pubsub 7 8 9',
    ]);
  });
});

describe('addresses', () => {
  it('are words', () => {
    expect(read(ADDRESSES, '127.0.0.1 -::1')).toEqual({
      value: ['127.0.0.1', '-::1'],
      text: '127.0.0.1 -::1',
    });
    expect(read(ADDRESSES, '')).toEqual({ value: [], text: '' });
    expect(read(ADDRESSES, ' * ').value).toEqual(['*']);
  });

  it('are sixteen at most', () => {
    const sixteen = Array.from({ length: 16 }, (_, index) => `10.0.0.${index}`).join(' ');
    expect(outcome(ADDRESSES, sixteen)).toBe(sixteen);
    expect(outcome(ADDRESSES, `${sixteen} ::1`)).toBe(
      'refused: Too many bind addresses specified.',
    );
  });

  it('are written on one line', () => {
    expect(line(ADDRESSES, '* -::* fe80::1%eth0')).toEqual(['* -::* fe80::1%eth0']);
    expect(line(ADDRESSES, 'a"b')).toEqual(['"a\\"b"']);
    expect(line(ADDRESSES, '')).toEqual(['""']);
  });
});

describe('out-of-memory scores', () => {
  it('are three', () => {
    expect(read(OOM_SCORES, '-2000 0 2000')).toEqual({
      value: [-2000, 0, 2000],
      text: '-2000 0 2000',
    });
    for (const value of ['', '1 2', '1 2 3 4', '1 2 3 ']) {
      expect(outcome(OOM_SCORES, value)).toBe('refused: wrong number of arguments');
    }
    for (const value of ['1 2 2001', '1 2 x', '-2001 1 1']) {
      expect(outcome(OOM_SCORES, value)).toBe(
        'refused: Invalid oom-score-adj-values, elements must be between -2000 and 2000.',
      );
    }
  });
});

describe('percentiles', () => {
  it('are kept to six decimals', () => {
    expect(read(PERCENTILES, '50.12345678 100 0 5e1 .5')).toEqual({
      value: [50.123457, 100, 0, 50, 0.5],
      text: '50.123457 100 0 50 0.5',
    });
    expect(read(PERCENTILES, '')).toEqual({ value: [], text: '' });
    expect(line(PERCENTILES, '')).toEqual(['""']);
  });

  it('lie between 0 and 100', () => {
    for (const value of ['100.1', '-1', '50 101']) {
      expect(outcome(PERCENTILES, value)).toBe(
        'refused: latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
      );
    }
    for (const value of ['x', 'nan', ' 50', '50x', '1e', '.']) {
      expect(outcome(PERCENTILES, value)).toBe(
        'refused: Invalid latency-tracking-info-percentiles parameters',
      );
    }
  });
});

describe('keyspace events', () => {
  it.each([
    ['', ''],
    ['KEA', 'AKE'],
    ['Elg', 'glE'],
    ['dte$gKmEn', 'g$etdnKEm'],
    ['dtexzhsl$gKmE', 'AKEm'],
    ['nA', 'An'],
  ])('%j is %j', (value, canonical) => {
    expect(read(KEYSPACE_EVENTS, value)).toEqual({ value: canonical, text: canonical });
  });

  it('refuse other letters', () => {
    for (const value of ['q', 'K E', 'k']) {
      expect(outcome(KEYSPACE_EVENTS, value)).toBe(
        "refused: Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
      );
    }
  });
});

describe('master addresses', () => {
  it('are a host and a port, or no one', () => {
    expect(read(MASTER_ADDRESS, '10.0.0.1 6379')).toEqual({
      value: { host: '10.0.0.1', port: 6379 },
      text: '10.0.0.1 6379',
    });
    expect(read(MASTER_ADDRESS, 'NO ONE')).toEqual({ value: undefined, text: '' });
    expect(line(MASTER_ADDRESS, 'host 1')).toEqual(['host 1']);
    expect(line(MASTER_ADDRESS, 'no one')).toEqual(['no one']);
  });

  it('refuse the rest', () => {
    for (const value of ['', 'host', 'host 1 2']) {
      expect(outcome(MASTER_ADDRESS, value)).toBe('refused: wrong number of arguments');
    }
    for (const value of ['host x', 'host -1', 'host 65536', 'host 1x', 'no two']) {
      expect(outcome(MASTER_ADDRESS, value)).toBe('refused: Invalid master port');
    }
  });
});

describe('shutdown options', () => {
  it('are words in any order', () => {
    expect(read(SHUTDOWN_OPTIONS, 'force NOW save')).toEqual({
      value: { save: true, nosave: false, now: true, force: true },
      text: 'save now force',
    });
    expect(outcome(SHUTDOWN_OPTIONS, 'default')).toBe('default');
    expect(outcome(SHUTDOWN_OPTIONS, 'default now')).toBe('now');
    expect(line(SHUTDOWN_OPTIONS, 'nosave now')).toEqual(['nosave now']);
  });

  it('refuse the rest', () => {
    for (const value of ['', 'foo', 'save  now', 'now ', '__proto__']) {
      expect(outcome(SHUTDOWN_OPTIONS, value)).toBe(
        'refused: argument(s) must be one of the following: default, save, nosave, now, force',
      );
    }
    expect(outcome(SHUTDOWN_OPTIONS, 'save nosave')).toBe(
      "refused: shutdown options SAVE and NOSAVE can't be used simultaneously",
    );
  });
});

describe('the data directory', () => {
  let root = '';
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'redstart-config-'));
    mkdirSync(join(root, 'data'));
    writeFileSync(join(root, 'file'), '');
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('is absolute, from where the current one is', () => {
    const current = { value: root, text: root };
    expect(read(DIRECTORY, 'data', current).value).toBe(join(root, 'data'));
    expect(read(DIRECTORY, '..', { value: join(root, 'data'), text: '' }).value).toBe(root);
    expect(read(DIRECTORY, root).text).toBe(root);
  });

  it('exists and is a directory', () => {
    expect(outcome(DIRECTORY, join(root, 'none'))).toBe('refused: No such file or directory');
    expect(outcome(DIRECTORY, join(root, 'file'))).toBe('refused: Not a directory');
    expect(outcome(DIRECTORY, join(root, 'file', 'x'))).toBe('refused: Not a directory');
  });
});

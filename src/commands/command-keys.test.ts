import { describe, expect, it } from 'vitest';
import { Args } from '../protocol/args.ts';
import type { Command, KeySpec } from './command.ts';
import { hasKeys, keyRange, keysOf } from './command-keys.ts';

const AT_1 = { begin: { index: 1 }, find: { last: 0, step: 1, limit: 0 } } as const;
const ALL_FROM_1 = { begin: { index: 1 }, find: { last: -1, step: 1, limit: 0 } } as const;
const PAIRS_FROM_1 = { begin: { index: 1 }, find: { last: -1, step: 2, limit: 0 } } as const;
const COUNTED_FROM_2 = {
  begin: { index: 2 },
  find: { keynumIndex: 0, firstKey: 1, step: 1 },
} as const;
const HALF_AFTER_STREAMS = {
  begin: { keyword: 'STREAMS', startFrom: 1 },
  find: { last: -1, step: 1, limit: 2 },
} as const;
const AFTER_LAST_STORE = {
  begin: { keyword: 'STORE', startFrom: -1 },
  find: { last: 0, step: 1, limit: 0 },
} as const;
const SOMEWHERE = { begin: { unknown: true }, find: { unknown: true } } as const;

type Place = Pick<KeySpec, 'begin' | 'find'>;

function spec(place: Place, ...flags: readonly string[]): KeySpec {
  return { ...place, flags };
}

function commandWith(keys: readonly KeySpec[], findKeys?: Command['findKeys']): Command {
  return {
    name: 'X',
    group: 'generic',
    since: '1.0.0',
    summary: '',
    complexity: '',
    arity: -1,
    flags: [],
    keys,
    ...(findKeys && { findKeys }),
  };
}

function callOf(text: string): Args {
  return Args.of(...text.split(' ').map((word) => Buffer.from(word)));
}

/** The keys of a call as words, with what is done to each. */
function keysIn(call: string, ...specs: readonly KeySpec[]): string[] {
  const args = callOf(call);
  return keysOf(commandWith(specs), args).map(({ index, flags }) => {
    return [args.text(index), ...flags].join(' ');
  });
}

describe('keysOf', () => {
  it('finds keys at fixed places', () => {
    expect(keysIn('X a b', spec(AT_1, 'RO'))).toEqual(['a RO']);
    expect(keysIn('X a b', spec(ALL_FROM_1))).toEqual(['a', 'b']);
    expect(keysIn('X a 1 b 2', spec(PAIRS_FROM_1))).toEqual(['a', 'b']);
    expect(keysIn('X a 1 b', spec(PAIRS_FROM_1))).toEqual(['a', 'b']);
  });

  it('finds keys that are counted', () => {
    expect(keysIn('X s 2 a b c', spec(COUNTED_FROM_2))).toEqual(['a', 'b']);
    expect(keysIn('X s 1 a', spec(COUNTED_FROM_2))).toEqual(['a']);
  });

  it('finds keys behind a word, from either end, in any case', () => {
    expect(keysIn('X COUNT 1 streams a b 0 0', spec(HALF_AFTER_STREAMS))).toEqual(['a', 'b']);
    expect(keysIn('X STORE a STORE b', spec(AFTER_LAST_STORE))).toEqual(['b']);
    expect(keysIn('X a', spec(AT_1), spec(AFTER_LAST_STORE))).toEqual(['a']);
  });

  it.each(['X s 0 a', 'X s -1 a', 'X s x a', 'X s 3 a b', 'X s 9007199254740991 a', 'X s', 'X'])(
    'finds none in a call that its specifications do not fit: %s',
    (call) => {
      expect(keysIn(call, spec(COUNTED_FROM_2))).toEqual([]);
      expect(keysIn(call, spec({ ...AT_1, begin: { index: 9 } }), spec(COUNTED_FROM_2))).toEqual(
        [],
      );
    },
  );

  it('finds none behind a word that is the last', () => {
    expect(keysIn('X STREAMS', spec(HALF_AFTER_STREAMS))).toEqual([]);
    expect(keysIn('X STREAMS a', spec(HALF_AFTER_STREAMS))).toEqual([]);
  });

  it('passes over channels', () => {
    expect(keysIn('X a b', spec(AT_1, 'not_key'))).toEqual([]);
    expect(hasKeys(commandWith([spec(AT_1, 'not_key')]))).toBe(false);
    expect(hasKeys(commandWith([spec(AT_1)]))).toBe(true);
    expect(hasKeys(commandWith([]))).toBe(false);
  });

  it('asks the command where its specifications do not say, and only there', () => {
    const own = [{ index: 2, flags: ['OW'] }];
    const args = callOf('X a b');
    expect(
      keysOf(
        commandWith([spec(SOMEWHERE)], () => own),
        args,
      ),
    ).toBe(own);
    expect(
      keysOf(
        commandWith([spec(AT_1), spec(SOMEWHERE)], () => own),
        args,
      ),
    ).toBe(own);
    expect(
      keysOf(
        commandWith([spec(AT_1, 'RW', 'variable_flags')], () => own),
        args,
      ),
    ).toBe(own);
    expect(
      keysOf(
        commandWith([spec(COUNTED_FROM_2)], () => own),
        args,
      ),
    ).toBe(own);
    expect(
      keysOf(
        commandWith([], () => own),
        args,
      ),
    ).toBe(own);
    expect(
      keysOf(
        commandWith([spec(AT_1)], () => own),
        args,
      ),
    ).toEqual([{ index: 1, flags: [] }]);
    expect(hasKeys(commandWith([], () => own))).toBe(true);
  });
});

describe('keyRange', () => {
  const at = (index: number, last = 0, step = 1): KeySpec => {
    return spec({ begin: { index }, find: { last, step, limit: 0 } });
  };

  it('is that of a single specification', () => {
    expect(keyRange([at(2)])).toEqual({ first: 2, last: 2, step: 1 });
    expect(keyRange([at(1, -1, 2)])).toEqual({ first: 1, last: -1, step: 2 });
    expect(keyRange([at(1, 1)])).toEqual({ first: 1, last: 2, step: 1 });
  });

  it('is nothing without a place that is always the same', () => {
    expect(keyRange()).toEqual({ first: 0, last: 0, step: 0 });
    expect(keyRange([spec(COUNTED_FROM_2)])).toEqual({ first: 0, last: 0, step: 0 });
    expect(keyRange([spec(HALF_AFTER_STREAMS)])).toEqual({ first: 0, last: 0, step: 0 });
  });

  it('joins specifications that follow on each other', () => {
    expect(keyRange([at(1), at(2)])).toEqual({ first: 1, last: 2, step: 1 });
    expect(keyRange([at(2), at(3, -1)])).toEqual({ first: 2, last: -1, step: 1 });
    expect(keyRange([at(1), spec(COUNTED_FROM_2)])).toEqual({ first: 1, last: 1, step: 1 });
  });

  it('leaves out those that do not', () => {
    expect(keyRange([at(1), at(3)])).toEqual({ first: 1, last: 1, step: 1 });
    expect(keyRange([at(1), at(2, -1, 2)])).toEqual({ first: 1, last: 1, step: 1 });
  });
});

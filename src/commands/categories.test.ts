import { describe, expect, it } from 'vitest';
import { allCategories, categoriesOf } from './categories.ts';

describe('categoriesOf', () => {
  it.each([
    ['string', ['write', 'denyoom'], ['write', 'string', 'slow']],
    ['string', ['readonly', 'fast'], ['read', 'string', 'fast']],
    ['generic', ['readonly'], ['keyspace', 'read', 'slow']],
    ['sorted-set', ['write', 'blocking'], ['write', 'sortedset', 'slow', 'blocking']],
    ['transactions', ['noscript', 'fast'], ['fast', 'transaction']],
    ['server', ['admin', 'noscript'], ['admin', 'slow', 'dangerous']],
    ['cluster', ['stale'], ['slow']],
    ['pubsub', ['pubsub', 'loading'], ['pubsub', 'slow']],
  ])('derives those of a %s command with flags %s', (group, flags, expected) => {
    expect(categoriesOf({ group, flags })).toEqual(expected);
  });

  it('does not count a script as a reader', () => {
    expect(categoriesOf({ group: 'scripting', flags: ['readonly'] })).toEqual([
      'slow',
      'scripting',
    ]);
  });

  it('adds those that are listed, in the common order', () => {
    const keys = { group: 'generic', flags: ['readonly'], categories: ['dangerous'] };
    expect(categoriesOf(keys)).toEqual(['keyspace', 'read', 'slow', 'dangerous']);
  });

  it('lets a listed topic replace that of the group', () => {
    const sort = { group: 'generic', flags: ['write'], categories: ['list', 'set'] };
    expect(categoriesOf(sort)).toEqual(['write', 'set', 'list', 'slow']);
  });

  it('has nothing but slow for a command without flags', () => {
    expect(categoriesOf({ group: 'connection', flags: [] })).toEqual(['slow']);
  });

  it('refuses a group or a category that there is not', () => {
    const misspelt = { group: 'string', flags: [], categories: ['dangerus'] };
    expect(() => categoriesOf(misspelt)).toThrow('no category is called dangerus');
    expect(() => categoriesOf({ group: 'sorted_set', flags: [] })).toThrow('no group');
  });

  it('names each category once', () => {
    expect(new Set(allCategories).size).toBe(allCategories.length);
  });
});

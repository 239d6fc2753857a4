import { type Encoded, isArray } from '../encoded.ts';
import { oneOf, sorted, sortedPairs, such } from '../normalise.ts';
import { defineScript, type Line, type Step, scan } from '../script.ts';

const BINARY = 'nul\0 and\r\n\xff';
const LONG = 'x'.repeat(65);
const MANY = Array.from({ length: 700 }, (_, i) => [`field:${i}`, `value ${i}`]).flat();

/** So many elements, all different or not, each of which passes. */
const drawn = (line: Line, count: number, what: string, passes: (each: Encoded) => boolean): Step =>
  such(line, `${count} ${what}`, (reply) => {
    return isArray(reply) && reply.length === count && reply.every(passes);
  });
const isField = (each: Encoded) => /^\$field:\d+$/.test(String(each));
const areDifferent = (line: Line, count: number): Step =>
  such(line, `${count} different fields`, (reply) => {
    return isArray(reply) && reply.every(isField) && new Set(reply).size === count;
  });

export const script = defineScript({
  'HGETALL, HKEYS and HVALS': [
    'HSET h a 1 b 2 7 8',
    ['HSET', 'h', BINARY, BINARY, '', ''],
    'HGETALL h',
    'HKEYS h',
    'HVALS h',
    ['HSET', 'large', 'a', '1', 'b', '1', 'c', LONG],
    sortedPairs('HGETALL large'),
    sorted('HKEYS large'),
    sorted('HVALS large'),
    'HGETALL missing',
    'HKEYS missing',
    'HVALS missing',
    'HGETALL',
    'HKEYS h x',
    'HVALS',
    'SET s text',
    'HGETALL s',
    'HKEYS s',
    'HVALS s',
  ],

  'HRANDFIELD of a small hash': [
    'HSET one f v',
    'HRANDFIELD one',
    'HRANDFIELD one 1',
    'HRANDFIELD one 5',
    'HRANDFIELD one -3',
    'HRANDFIELD one -3 WITHVALUES',
    'HRANDFIELD one 5 withvalues',
    'HRANDFIELD one 0',
    'HRANDFIELD one 0 WITHVALUES',
    'HSET h a 1 b 2 c 3',
    oneOf('HRANDFIELD h', '$a', '$b', '$c'),
    sorted('HRANDFIELD h 3'),
    sortedPairs('HRANDFIELD h 3 WITHVALUES'),
    sortedPairs('HRANDFIELD h 4611686018427387903 WITHVALUES'),
    sorted('HRANDFIELD h 9223372036854775807'),
    drawn('HRANDFIELD h -100', 100, 'of three fields', (each) => /^\$[abc]$/.test(String(each))),
  ],

  'HRANDFIELD of a large hash': [
    ['HSET', 'h', ...MANY],
    areDifferent('HRANDFIELD h 5', 5),
    areDifferent('HRANDFIELD h 300', 300),
    areDifferent('HRANDFIELD h 699', 699),
    areDifferent('HRANDFIELD h 1000', 700),
    drawn('HRANDFIELD h -1000', 1000, 'fields', isField),
    such('HRANDFIELD h', 'a field', isField),
  ],

  'HRANDFIELD where there is nothing': [
    'HRANDFIELD missing',
    'HRANDFIELD missing 1',
    'HRANDFIELD missing -1 WITHVALUES',
    'HRANDFIELD missing 0',
  ],

  'HRANDFIELD errors': [
    'HRANDFIELD',
    'HSET h a 1',
    'HRANDFIELD h x',
    'HRANDFIELD h 1.5',
    ['HRANDFIELD', 'h', ''],
    'HRANDFIELD h -9223372036854775808',
    'HRANDFIELD h 9223372036854775808',
    'HRANDFIELD h 4611686018427387904 WITHVALUES',
    'HRANDFIELD h -4611686018427387904 WITHVALUES',
    'HRANDFIELD h 1 VALUES',
    'HRANDFIELD h 1 WITHVALUES x',
    'HRANDFIELD h x VALUES',
    'SET s text',
    'HRANDFIELD s',
    'HRANDFIELD s 0',
    'HRANDFIELD s x',
    'HRANDFIELD s 4611686018427387904 WITHVALUES',
  ],

  'HSCAN returns a small hash at once': [
    'HSET h a 1 b 2 ab 3',
    'HSCAN h 0',
    'HSCAN h 0 COUNT 1',
    'HSCAN h 12345 COUNT 1',
    'HSCAN h 18446744073709551615',
    'HSCAN h 0 MATCH a*',
    'HSCAN h 0 MATCH * COUNT 2',
    'HSCAN h 0 match ? count 1 match [b-z]',
    'HSCAN h 0 MATCH nosuch',
    ['HSET', 'e', '', ''],
    'HSCAN e 0 MATCH *',
    'HSCAN e 0 MATCH **',
    ['HSCAN', 'e', '0', 'MATCH', ''],
  ],

  'HSCAN returns every field of a large hash': [
    ['HSET', 'h', ...MANY],
    sortedPairs(scan('HSCAN h 0', 2)),
    sortedPairs(scan('HSCAN h 0 COUNT 1', 2)),
    sortedPairs(scan('HSCAN h 0 COUNT 100 MATCH field:1?', 2)),
    sortedPairs(scan('HSCAN h 0 COUNT 9223372036854775807 MATCH *9', 2)),
    scan('HSCAN h 0 MATCH nosuch', 2),
    ['HSET', 'e', '', LONG],
    'HSCAN e 0 MATCH *',
    ['HSCAN', 'e', '0', 'MATCH', ''],
  ],

  'HSCAN where there is nothing, and errors': [
    'HSCAN missing 0',
    'HSCAN missing 5 NONSENSE',
    'HSCAN missing x',
    'SET s text',
    'HSCAN s 0',
    'HSCAN s 0 NONSENSE',
    'HSCAN s x',
    'HSET h a 1',
    'HSCAN h',
    'HSCAN h x',
    'HSCAN h -1',
    'HSCAN h 18446744073709551616',
    'HSCAN h 0 COUNT',
    'HSCAN h 0 COUNT 0',
    'HSCAN h 0 COUNT x',
    'HSCAN h 0 MATCH',
    'HSCAN h 0 TYPE hash',
    'HSCAN h 0 NONSENSE',
  ],
});

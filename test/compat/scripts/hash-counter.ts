import { defineScript } from '../script.ts';

const MAX = '9223372036854775807';
const MIN = '-9223372036854775808';
const NOT_INTEGERS = ['', ' 1', '1 ', '+1', '01', '-0', '1.0', '1e3', '0x10', 'x', '1\0', '-'];
const FLOATS = ['3.0e2', '-5', '0.1', '1e-17', '1e-18', ' 1', '1 ', '', 'x', 'inf', '-inf', 'nan'];

export const script = defineScript({
  'HINCRBY counts in a field': [
    'HINCRBY h n 1',
    'HINCRBY h n 41',
    'HINCRBY h n -50',
    'HINCRBY h n 0',
    'HGET h n',
    'HSET h m 17',
    'HINCRBY h m 4000000000',
    'HGETALL h',
    'HINCRBY h',
    'HINCRBY h n',
    'HINCRBY h n 1 2',
  ],

  'HINCRBY is exact to the border and never wraps': [
    ['HSET', 'h', 'n', MAX],
    'HINCRBY h n 1',
    'HINCRBY h n -1',
    'HINCRBY h n 1',
    'HGET h n',
    ['HINCRBY', 'h', 'n', MIN],
    ['HSET', 'h', 'n', MIN],
    'HINCRBY h n -1',
    ['HINCRBY', 'h', 'n', MAX],
    'HSET h n 9007199254740991',
    'HINCRBY h n 2',
    'HINCRBY h n -1',
    'HINCRBY h n 9223372036854775808',
    'HINCRBY missing n 9223372036854775808',
    ['HINCRBY', 'new', 'n', MIN],
    'EXISTS missing',
  ],

  'HINCRBY on what is no integer': [
    ...NOT_INTEGERS.flatMap((text) => [
      ['HSET', 'h', 'f', text],
      ['HINCRBY', 'h', 'f', '1'],
      ['HINCRBY', 'h', 'n', text],
    ]),
    'HGETALL h',
    'SET s text',
    'HINCRBY s f 1',
    'HINCRBY s f x',
  ],

  'HINCRBYFLOAT adds decimal numbers': [
    'HINCRBYFLOAT h f 0.5',
    'HINCRBYFLOAT h f 10.25',
    'HINCRBYFLOAT h f -10.75',
    'HINCRBYFLOAT h g 3.0e3',
    'HSET h i 5',
    'HINCRBYFLOAT h i 200',
    'HINCRBYFLOAT h i 0.1',
    'HINCRBY h i 1',
    'HGETALL h',
    'HINCRBYFLOAT h',
    'HINCRBYFLOAT h f',
    'HINCRBYFLOAT h f 1 2',
  ],

  'HINCRBYFLOAT on odd numbers': [
    ...FLOATS.flatMap((text) => [
      ['HSET', 'h', 'f', text],
      ['HINCRBYFLOAT', 'h', 'f', '1'],
      ['HINCRBYFLOAT', 'new', 'n', text],
    ]),
    'HGETALL h',
    'HGETALL new',
    'HSET h f 1e4932',
    'HINCRBYFLOAT h f 1e4932',
    'SET s text',
    'HINCRBYFLOAT s f 1',
    'HINCRBYFLOAT s f x',
    'HINCRBYFLOAT s f inf',
  ],
});

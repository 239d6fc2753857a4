import { isArray } from '../encoded.ts';
import { sorted, such } from '../normalise.ts';
import { defineScript, needing, type Step, scan, wait } from '../script.ts';

const page = (command: string): Step =>
  such(command, 'a cursor and a list', (reply) => {
    return isArray(reply) && /^\$\d+$/.test(String(reply[0])) && isArray(reply[1] ?? '');
  });

const KEYS = Array.from({ length: 60 }, (_, i) => `key:${i}`);

export const script = defineScript({
  'SCAN returns every key once its cursor is back at zero': [
    scan('SCAN 0'),
    ['MSET', ...KEYS.flatMap((key) => [key, 'v'])],
    sorted(scan('SCAN 0')),
    sorted(scan('SCAN 0 COUNT 1')),
    sorted(scan('SCAN 0 COUNT 7')),
    sorted(scan('SCAN 0 COUNT 100000')),
    sorted(scan('SCAN 0 count 9223372036854775807')),
    sorted(scan('SCAN 0 MATCH key:1*')),
    sorted(scan('SCAN 0 MATCH key:?')),
    sorted(scan('SCAN 0 MATCH key:[12]? COUNT 3')),
    scan('SCAN 0 MATCH nosuch*'),
    scan('SCAN 0 MATCH key:7'),
    sorted(scan('SCAN 0 MATCH *')),
    sorted(scan('SCAN 0 TYPE string')),
    sorted(scan('SCAN 0 TYPE STRING')),
    scan('SCAN 0 TYPE hash'),
    scan('SCAN 0 TYPE nosuch'),
    sorted(scan('SCAN 0 type string match key:2* count 5')),
    sorted(scan('SCAN 0 COUNT 5 COUNT 6 MATCH a* MATCH key:3*')),
    'SELECT 1',
    'SCAN 0',
  ],

  'SCAN does not return expired keys': ['MSET a 1 b 2', 'PEXPIRE a 10', wait(40), scan('SCAN 0')],

  'SCAN takes any cursor': [
    'SET k v',
    page('SCAN 18446744073709551615'),
    page('SCAN -1'),
    'SCAN 18446744073709551616',
    'SCAN x',
    'SCAN 1.5',
    ['SCAN', ''],
    ['SCAN', ' 0'],
    'SCAN +0',
    'SCAN 00',
  ],

  'SCAN errors': [
    'SCAN',
    'SCAN 0 COUNT',
    'SCAN 0 COUNT 0',
    'SCAN 0 COUNT -1',
    'SCAN 0 COUNT x',
    'SCAN 0 COUNT 9223372036854775808',
    'SCAN 0 MATCH',
    'SCAN 0 TYPE',
    'SCAN 0 NOSUCH',
    'SCAN 0 NOSUCH x',
    'SCAN 0 NOVALUES',
    'SCAN x COUNT 0',
  ],

  'SCAN TYPE of the collections': needing('RPUSH HSET SADD ZADD XADD', [
    'SET string v',
    'RPUSH list a',
    'HSET hash f v',
    'SADD set a',
    'ZADD zset 1 a',
    'XADD stream 1-1 f v',
    scan('SCAN 0 TYPE string'),
    scan('SCAN 0 TYPE list'),
    scan('SCAN 0 TYPE hash'),
    scan('SCAN 0 TYPE set'),
    scan('SCAN 0 TYPE zset'),
    scan('SCAN 0 TYPE stream'),
  ]),
});

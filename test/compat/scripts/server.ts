import { textOf } from '../encoded.ts';
import { between, fieldsOnly, helpOf, masked, such, typesOnly } from '../normalise.ts';
import { covers, defineScript, type Line, needing, on, type Step } from '../script.ts';

const artWithVersion = (line: Line): Step =>
  such(line, 'art, and a version below', (reply) => /ver\. \d+\.\d+\.\d+\n$/.test(textOf(reply)));

export const script = defineScript({
  TIME: [masked('TIME', /\d+/, '<digits>'), 'TIME x'],

  LOLWUT: [
    artWithVersion('LOLWUT'),
    artWithVersion('LOLWUT VERSION 5 30 8 4'),
    artWithVersion('LOLWUT VERSION 6'),
    artWithVersion('LOLWUT VERSION 999'),
    artWithVersion('lolwut version 5 1 1 1'),
    artWithVersion('LOLWUT NOSUCH'),
    'LOLWUT VERSION x',
    'LOLWUT VERSION 5 x',
    'LOLWUT VERSION 5 10 x',
  ],

  'MEMORY USAGE': [
    'MEMORY USAGE missing',
    'SET k v',
    between('MEMORY USAGE k', 8, 200),
    between('MEMORY USAGE k SAMPLES 5', 8, 200),
    between('memory usage k samples 0', 8, 200),
    ['SET', 'big', 'x'.repeat(10_000)],
    between('MEMORY USAGE big', 10_000, 13_000),
    'MEMORY USAGE k SAMPLES -1',
    'MEMORY USAGE k SAMPLES x',
    'MEMORY USAGE k SAMPLES',
    'MEMORY USAGE k NOSUCH',
    'MEMORY USAGE k NOSUCH 1',
    'MEMORY USAGE missing SAMPLES x',
    'MEMORY USAGE',
  ],

  'MEMORY of the collections': needing('RPUSH HSET SADD ZADD', [
    ['RPUSH', 'list', ...Array.from({ length: 100 }, (_, i) => `element-${i}`)],
    between('MEMORY USAGE list', 500, 5_000),
    ['HSET', 'hash', ...Array.from({ length: 200 }, (_, i) => `field-${i}`)],
    between('MEMORY USAGE hash SAMPLES 0', 500, 20_000),
    ['SADD', 'set', ...Array.from({ length: 200 }, (_, i) => `member-${i}`)],
    between('MEMORY USAGE set', 500, 20_000),
  ]),

  'MEMORY STATS, DOCTOR, PURGE, MALLOC-STATS and HELP': [
    'SET k v',
    covers(fieldsOnly('MEMORY STATS')),
    typesOnly('MEMORY DOCTOR'),
    'MEMORY PURGE',
    typesOnly('MEMORY MALLOC-STATS'),
    helpOf('MEMORY', 'MEMORY HELP'),
    'MEMORY',
    'MEMORY NOSUCH',
    'MEMORY STATS x',
    'MEMORY DOCTOR x',
    'MEMORY PURGE x',
    'MEMORY MALLOC-STATS x',
  ],

  'SHUTDOWN refuses bad arguments': [
    'SHUTDOWN NOSUCH',
    'SHUTDOWN SAVE NOSAVE',
    'SHUTDOWN ABORT NOW',
    'SHUTDOWN NOSAVE ABORT',
    'SHUTDOWN SAVE SAVE x',
    'SHUTDOWN ABORT',
    'SHUTDOWN ABORT FORCE',
    'SHUTDOWN FORCE NOW ABORT',
    'SHUTDOWN FORCE NOSUCH',
    'PING',
  ],

  'DEBUG is refused unless it was enabled': [
    'DEBUG SLEEP 0',
    'DEBUG NOSUCH',
    'DEBUG',
    on('b', 'PING'),
    'CONFIG GET enable-debug-command',
    'CONFIG SET enable-debug-command yes',
  ],

  'HELP takes nothing more': [
    helpOf('SCRIPT', 'SCRIPT HELP'),
    helpOf('FUNCTION', 'FUNCTION HELP'),
    helpOf('MODULE', 'MODULE HELP'),
    ...['COMMAND', 'CONFIG', 'FUNCTION', 'LATENCY', 'MEMORY', 'MODULE', 'SCRIPT', 'SLOWLOG'].map(
      (container) => `${container} HELP x`,
    ),
  ],

  'A server by itself': [
    'ROLE',
    'ROLE x',
    'ASKING',
    'READONLY',
    'READWRITE',
    'READONLY x',
    'BGREWRITEAOF x',
    'MODULE LIST',
    'MODULE LIST x',
    'MODULE LOAD',
    'MODULE UNLOAD',
    'MODULE LOADEX',
  ],
});

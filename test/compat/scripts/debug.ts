import { helpOf, masked } from '../normalise.ts';
import { defineScript, type Line, needing, type Step, wait } from '../script.ts';

const objectLine = (line: Line): Step =>
  masked(line, /(?<=at:)0x[0-9a-f]+|(?<=serializedlength:)\d+|(?<=lru:)\d+|(?<=idle:)\d+/, '<any>');

export const script = defineScript(
  {
    'DEBUG SLEEP': ['DEBUG SLEEP 0', 'DEBUG SLEEP 0.01', 'DEBUG SLEEP x', 'DEBUG SLEEP', 'PING'],

    'DEBUG OBJECT': [
      'SET n 123456',
      'SET k text',
      ['SET', 'long', 'x'.repeat(100)],
      objectLine('DEBUG OBJECT n'),
      objectLine('DEBUG OBJECT k'),
      objectLine('DEBUG OBJECT long'),
      'DEBUG OBJECT missing',
      'DEBUG OBJECT',
    ],

    'DEBUG DIGEST depends on the data only': [
      'DEBUG DIGEST',
      'SET a 1',
      'DEBUG DIGEST',
      ['SET', 'b\0', 'text\r\n\xff'],
      'DEBUG DIGEST',
      'SET a 2',
      'DEBUG DIGEST',
      'SET a 1',
      'DEBUG DIGEST',
      'EXPIRE a 100',
      'DEBUG DIGEST',
      'SELECT 1',
      'SET a 1',
      'DEBUG DIGEST',
      'DEL a',
      'DEBUG DIGEST',
      'FLUSHALL',
      'DEBUG DIGEST',
      'DEBUG DIGEST x',
    ],

    'DEBUG DIGEST-VALUE': [
      'SET a 1',
      'SET b 1',
      ['SET', 'c', '\0\xff'],
      'DEBUG DIGEST-VALUE a b c missing',
      'EXPIRE b 100',
      'DEBUG DIGEST-VALUE a b',
      'DEBUG DIGEST-VALUE',
    ],

    'DEBUG DIGEST of the collections': needing('RPUSH HSET SADD ZADD XADD', [
      'RPUSH list a b c',
      'HSET hash f v g w',
      'SADD set a b c',
      'SADD integers 1 2 3',
      'ZADD zset 1 a 2.5 b',
      'XADD stream 1-1 f v',
      'DEBUG DIGEST-VALUE list hash set integers zset stream',
      'DEBUG DIGEST',
    ]),

    'DEBUG SET-ACTIVE-EXPIRE keeps expired keys until they are touched': [
      'DEBUG SET-ACTIVE-EXPIRE 0',
      'SET k v PX 10',
      wait(300),
      'DBSIZE',
      'EXISTS k',
      'DBSIZE',
      'SET k v PX 10',
      'DEBUG SET-ACTIVE-EXPIRE 1',
      wait(400),
      'DBSIZE',
      'DEBUG SET-ACTIVE-EXPIRE',
    ],

    'DEBUG LOG': ['DEBUG LOG hello', ['DEBUG', 'LOG', 'a\r\nb'], 'DEBUG LOG'],

    'DEBUG ERROR': [
      ['DEBUG', 'ERROR', 'MYCODE some text'],
      ['DEBUG', 'ERROR', 'plain'],
      ['DEBUG', 'ERROR', 'line\r\nbreak'],
      ['DEBUG', 'ERROR', ''],
      'DEBUG ERROR',
      'PING',
    ],

    'DEBUG PROTOCOL shows every reply type': [
      'DEBUG PROTOCOL string',
      'DEBUG PROTOCOL integer',
      'DEBUG PROTOCOL double',
      'DEBUG PROTOCOL null',
      'DEBUG PROTOCOL array',
      'DEBUG PROTOCOL set',
      'DEBUG PROTOCOL map',
      'DEBUG PROTOCOL attrib',
      'DEBUG PROTOCOL bignum',
      'DEBUG PROTOCOL verbatim',
      'DEBUG PROTOCOL true',
      'DEBUG PROTOCOL false',
      'DEBUG PROTOCOL STRING',
      'DEBUG PROTOCOL nosuch',
      'DEBUG PROTOCOL',
      'PING',
    ],

    // In RESP3 the push comes first, and the reply after it; RESP2 refuses.
    'DEBUG PROTOCOL push': ['DEBUG PROTOCOL push'],

    'DEBUG errors': ['DEBUG', 'DEBUG NOSUCH', 'DEBUG NOSUCH x y', helpOf('DEBUG', 'DEBUG HELP')],
  },
  { flags: ['--enable-debug-command', 'yes'] },
);

import { between } from '../normalise.ts';
import { defineScript } from '../script.ts';

export const script = defineScript(
  {
    'SAVE and LASTSAVE': [
      'SET k v',
      'SAVE',
      'SAVE now',
      between('LASTSAVE', 1_700_000_000, 4_000_000_000),
      'LASTSAVE now',
      'MULTI',
      'SAVE',
      'EXEC',
    ],

    'DEBUG RELOAD': [
      'SET k v PX 100000000',
      'RPUSH list 1 2 3',
      'HSET hash f v',
      'SADD set 1 2 3',
      'ZADD zset 1.5 a 2 b',
      'XADD stream 1-1 f v',
      'XGROUP CREATE stream g 0',
      'DEBUG RELOAD',
      'GET k',
      between('PTTL k', 90_000_000, 100_000_000),
      'LRANGE list 0 -1',
      'HGETALL hash',
      'SMEMBERS set',
      'ZRANGE zset 0 -1 WITHSCORES',
      'XRANGE stream - +',
      'XINFO GROUPS stream',
      'SET later 1',
      'DEBUG RELOAD NOSAVE',
      'EXISTS k later',
      'SET later 1',
      'SET k other',
      'DEBUG RELOAD NOSAVE NOFLUSH MERGE',
      'EXISTS k later',
      'GET k',
      'DEBUG RELOAD nosave noflush merge',
      'DEBUG RELOAD NOSAVES',
      'DEBUG RELOAD NOSAVE MORE',
    ],
  },
  { flags: ['--enable-debug-command', 'yes'] },
);

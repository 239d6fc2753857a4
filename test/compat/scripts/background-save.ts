import { between, picked } from '../normalise.ts';
import { defineScript, type Line, on, type Step, wait } from '../script.ts';

/** The values of these fields, as field:value lines. */
const values = (line: Line, ...fields: string[]): Step =>
  picked(line, new RegExp(`^(?:${fields.join('|')}):\\S*`, 'm'));

const changes: Step = values('INFO persistence', 'rdb_changes_since_last_save');

/** Each command, and how many changes there are after it. */
const counted = (...lines: Line[]): (Line | Step)[] => lines.flatMap((line) => [line, changes]);

const figures: Step = values(
  'INFO persistence',
  'rdb_changes_since_last_save',
  'rdb_bgsave_in_progress',
  'rdb_last_bgsave_status',
  'rdb_current_bgsave_time_sec',
  'current_save_keys_processed',
  'current_save_keys_total',
  'current_fork_perc',
);

export const script = defineScript(
  {
    BGSAVE: [
      'MSET a 1 b 2',
      'BGSAVE',
      wait(600),
      figures,
      between('LASTSAVE', 1_700_000_000, 4_000_000_000),
      'BGSAVE SCHEDULE',
      wait(600),
      'bgsave schedule',
      wait(600),
      'SET a 2',
      figures,
    ],

    'BGSAVE while one is saved': [
      'MSET a 1 b 2 c 3',
      'CONFIG SET rdb-key-save-delay 300000',
      'BGSAVE',
      'BGSAVE',
      'BGSAVE SCHEDULE',
      'SAVE',
      values('INFO persistence', 'rdb_bgsave_in_progress', 'current_save_keys_total'),
      on('b', 'PING'),
      'FLUSHALL',
      wait(600),
      'CONFIG SET rdb-key-save-delay 0',
      values('INFO persistence', 'rdb_bgsave_in_progress', 'rdb_last_bgsave_status'),
    ],

    'BGSAVE in a transaction is scheduled': ['MULTI', 'BGSAVE', 'EXEC', wait(1200), figures],

    'Changes are counted by elements': [
      'SAVE',
      ...counted(
        'RPUSH l 1 2 3 4 5 6 7 8 9',
        'LPOP l 3',
        'LREM l 0 4',
        'LTRIM l 0 1',
        'LTRIM l 5 6',
        'SADD s 1 2 3 a b c',
        'SREM s 1 2 none',
        'HSET h a 1 b 2 c 3',
        'HSET h a 1 b 5',
        'HDEL h a b none',
        'ZADD z 1 a 2 b 3 c 4 d',
        'ZADD z 1 a 9 b',
        'ZREM z a none',
        'ZPOPMIN z 2',
        'GEOADD g 1 1 a 2 2 b',
        'PFADD p a b c',
        'PFADD p a',
        'MSET a 1 b 2 c 3',
        'DEL a b none',
        'RPUSH t 3 1 2',
        'SORT t STORE u',
      ),
    ],

    'BGSAVE with other arguments': ['BGSAVE now', 'BGSAVE SCHEDULE now', ['BGSAVE', '']],
  },
  { flags: ['--enable-debug-command', 'yes'] },
);

import { between, picked } from '../normalise.ts';
import { defineScript, type Line, on, type Step, wait } from '../script.ts';

/** The values of these fields, as field:value lines. */
const values = (line: Line, ...fields: string[]): Step =>
  picked(line, new RegExp(`^(?:${fields.join('|')}):\\S*`, 'm'));

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

    'BGSAVE with other arguments': ['BGSAVE now', 'BGSAVE SCHEDULE now', ['BGSAVE', '']],
  },
  { flags: ['--enable-debug-command', 'yes'] },
);

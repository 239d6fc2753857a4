/** Directives: snapshots (RDB) and the append-only file (AOF). */

import { directive } from './config-directive.ts';
import { BOOLEAN, choice, INT32_MAX, INT32_MIN, integer, memory, text } from './config-kinds.ts';
import { SAVE_POINTS } from './config-list-kinds.ts';

function checkFileName(name: string): string | undefined {
  return name.includes('/') || name.includes('\\') ? "can't be a path, just a filename" : undefined;
}

function checkDatabaseName(name: string): string | undefined {
  const refusal = checkFileName(name);
  return refusal && `dbfilename ${refusal}`;
}

function checkAppendName(name: string): string | undefined {
  if (name === '') return "appendfilename can't be empty";
  const refusal = checkFileName(name);
  return refusal && `appendfilename ${refusal}`;
}

function checkAppendDirectory(name: string): string | undefined {
  if (name === '') return "appenddirname can't be empty";
  return checkFileName(name) && "appenddirname can't be a path, just a dirname";
}

export const PERSISTENCE_DIRECTIVES = {
  save: directive(
    SAVE_POINTS,
    '3600 1 300 100 60 10000',
    'When to save a snapshot: after so many seconds if at least so many changes were made.',
  ),
  dbfilename: directive(
    text('<file name>', checkDatabaseName),
    'dump.rdb',
    'Name of the snapshot in the data directory.',
    { change: 'protected' },
  ),
  rdbcompression: directive(BOOLEAN, 'yes', 'Whether strings in snapshots are compressed.'),
  'rdb-version': directive(
    integer(10, 11),
    '11',
    'Version of the format in which snapshots and DUMP are written: 10 is what Redis 7.0 reads.',
  ),
  rdbchecksum: directive(
    BOOLEAN,
    'yes',
    'Whether snapshots end with a checksum, which is verified when they are loaded.',
    { change: 'startup' },
  ),
  'stop-writes-on-bgsave-error': directive(
    BOOLEAN,
    'yes',
    'Whether writes are refused while the last background save has failed.',
  ),
  'rdb-save-incremental-fsync': directive(
    BOOLEAN,
    'yes',
    'Whether a snapshot is flushed to disk bit by bit while it is written.',
  ),
  'rdb-del-sync-files': directive(
    BOOLEAN,
    'no',
    'Whether snapshots made for replication are deleted where persistence is off.',
    { effect: 'planned' },
  ),
  'sanitize-dump-payload': directive(
    choice('no', 'yes', 'clients'),
    'no',
    'Whether snapshots are searched for elements that are there twice; RESTORE always is.',
  ),
  appendonly: directive(BOOLEAN, 'no', 'Whether every change is written to the append-only file.', {
    deniedWhileLoading: true,
  }),
  appendfilename: directive(
    text('<file name>', checkAppendName),
    'appendonly.aof',
    'How the names of the append-only files begin.',
    { change: 'startup' },
  ),
  appenddirname: directive(
    text('<directory name>', checkAppendDirectory),
    'appendonlydir',
    'Directory of the append-only files in the data directory.',
    { change: 'startup' },
  ),
  appendfsync: directive(
    choice('everysec', 'always', 'no'),
    'everysec',
    'When the append-only file is forced to disk: every second, before every reply, or never.',
  ),
  'no-appendfsync-on-rewrite': directive(
    BOOLEAN,
    'no',
    'Whether the append-only file is not forced to disk while a snapshot or rewrite runs.',
  ),
  'auto-aof-rewrite-percentage': directive(
    integer(0, INT32_MAX),
    '100',
    'Growth in percent since the last rewrite that starts the next one; 0 is never.',
  ),
  'auto-aof-rewrite-min-size': directive(
    memory(),
    '64mb',
    'Size below which the append-only file is not rewritten by itself.',
  ),
  'aof-load-truncated': directive(
    BOOLEAN,
    'yes',
    'Whether a last command that was cut off is dropped at start instead of preventing it.',
  ),
  'aof-use-rdb-preamble': directive(
    BOOLEAN,
    'yes',
    'Whether the base of a rewritten append-only file is a snapshot, or else commands.',
  ),
  'aof-timestamp-enabled': directive(
    BOOLEAN,
    'no',
    'Whether the append-only file records the time, so that it can be cut at one.',
  ),
  'aof-rewrite-incremental-fsync': directive(
    BOOLEAN,
    'yes',
    'Whether a rewritten append-only file is flushed to disk bit by bit.',
  ),
  'aof-disable-auto-gc': directive(
    BOOLEAN,
    'no',
    'Whether append-only files that a rewrite has replaced are kept.',
  ),
  'rdb-key-save-delay': directive(
    integer(INT32_MIN, INT32_MAX),
    '0',
    'Microseconds that saving a key is delayed, for tests; negative for keys per microsecond.',
    { hidden: true },
  ),
  'key-load-delay': directive(
    integer(INT32_MIN, INT32_MAX),
    '0',
    'Microseconds that loading a key is delayed, for tests; negative for keys per microsecond.',
    { hidden: true, effect: 'planned' },
  ),
  'loading-process-events-interval-bytes': directive(
    integer(1024, INT32_MAX),
    '2097152',
    'Bytes of a file after which loading lets clients be served.',
    { hidden: true, effect: 'accepted' },
  ),
};

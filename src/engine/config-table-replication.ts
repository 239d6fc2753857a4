/** Directives: replication. */

import { directive } from './config-directive.ts';
import {
  BOOLEAN,
  choice,
  INT32_MAX,
  INT64_MAX,
  integer,
  memory,
  SECRET,
  text,
} from './config-kinds.ts';
import { MASTER_ADDRESS } from './config-list-kinds.ts';

export const REPLICATION_DIRECTIVES = {
  replicaof: directive(MASTER_ADDRESS, 'no one', 'The server to be a replica of.', {
    aliases: ['slaveof'],
    change: 'startup',
    effect: 'planned',
  }),
  masteruser: directive(text('<user>'), '', 'User to authenticate as with the master.', {
    sensitive: true,
    effect: 'planned',
  }),
  masterauth: directive(SECRET, '', 'Password to authenticate with the master.', {
    sensitive: true,
    effect: 'planned',
  }),
  'replica-serve-stale-data': directive(
    BOOLEAN,
    'yes',
    'Whether a replica answers from old data while it has no connection to its master.',
    { aliases: ['slave-serve-stale-data'], effect: 'planned' },
  ),
  'replica-read-only': directive(BOOLEAN, 'yes', 'Whether a replica refuses writes.', {
    aliases: ['slave-read-only'],
    effect: 'planned',
  }),
  'replica-priority': directive(
    integer(0, INT32_MAX),
    '100',
    'Rank for being promoted, lowest first; 0 is never.',
    { aliases: ['slave-priority'], effect: 'planned' },
  ),
  'replica-announced': directive(
    BOOLEAN,
    'yes',
    'Whether sentinels include this replica in their reports.',
    { effect: 'planned' },
  ),
  'replica-announce-ip': directive(
    text('<address>'),
    '',
    'Address a replica tells its master, where it is reached through another.',
    { aliases: ['slave-announce-ip'], effect: 'planned' },
  ),
  'replica-announce-port': directive(
    integer(0, 65535),
    '0',
    'Port a replica tells its master; 0 is its own.',
    { aliases: ['slave-announce-port'], effect: 'planned' },
  ),
  'replica-ignore-maxmemory': directive(
    BOOLEAN,
    'yes',
    'Whether a replica leaves eviction to its master.',
    { aliases: ['slave-ignore-maxmemory'], effect: 'planned' },
  ),
  'replica-lazy-flush': directive(
    BOOLEAN,
    'no',
    'Whether a replica frees its old data in the background before a full sync.',
    { aliases: ['slave-lazy-flush'], effect: 'accepted' },
  ),
  'replica-ignore-disk-write-errors': directive(
    BOOLEAN,
    'no',
    'Whether a replica goes on applying changes that it cannot write to its own disk.',
    { effect: 'planned' },
  ),
  'repl-timeout': directive(
    integer(1, INT32_MAX),
    '60',
    'Seconds of silence after which master and replica give the connection up.',
    { effect: 'planned' },
  ),
  'repl-ping-replica-period': directive(
    integer(1, INT32_MAX),
    '10',
    'Seconds between the pings of a master to its replicas.',
    { aliases: ['repl-ping-slave-period'], effect: 'planned' },
  ),
  'repl-backlog-size': directive(
    memory(1n),
    '1mb',
    'Bytes of the stream kept so that a replica can resume where it was cut off.',
    { effect: 'planned' },
  ),
  'repl-backlog-ttl': directive(
    integer(0, INT64_MAX),
    '3600',
    'Seconds without replicas after which those bytes are freed; 0 is never.',
    { effect: 'planned' },
  ),
  'repl-disable-tcp-nodelay': directive(
    BOOLEAN,
    'no',
    'Whether the stream to replicas is sent in fewer, later packets.',
    { effect: 'planned' },
  ),
  'repl-diskless-sync': directive(
    BOOLEAN,
    'yes',
    'Whether a full sync is sent without writing it to disk first.',
    { effect: 'accepted' },
  ),
  'repl-diskless-sync-delay': directive(
    integer(0, INT32_MAX),
    '5',
    'Seconds a full sync waits for more replicas to join it.',
    { effect: 'planned' },
  ),
  'repl-diskless-sync-max-replicas': directive(
    integer(0, INT32_MAX),
    '0',
    'Number of waiting replicas that starts a full sync at once; 0 is no such number.',
    { effect: 'planned' },
  ),
  'repl-diskless-load': directive(
    choice('disabled', 'on-empty-db', 'swapdb'),
    'disabled',
    'Whether a replica loads a full sync as it arrives, without writing it to disk first.',
    { deniedWhileLoading: true, effect: 'planned' },
  ),
  'min-replicas-to-write': directive(
    integer(0, INT32_MAX),
    '0',
    'Number of replicas in time without which writes are refused; 0 is none.',
    { aliases: ['min-slaves-to-write'], effect: 'planned' },
  ),
  'min-replicas-max-lag': directive(
    integer(0, INT32_MAX),
    '10',
    'Seconds of silence up to which a replica counts as in time.',
    { aliases: ['min-slaves-max-lag'], effect: 'planned' },
  ),
  'propagation-error-behavior': directive(
    choice('ignore', 'panic', 'panic-on-replicas'),
    'ignore',
    'Whether a command of the append-only file that is refused stops the start: panic.',
  ),
};

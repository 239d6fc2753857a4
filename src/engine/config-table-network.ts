/** Directives: listening sockets, connections and what a client may make the server hold. */

import { directive } from './config-directive.ts';
import {
  BOOLEAN,
  choice,
  INT32_MAX,
  integer,
  MEMORY_OR_PERCENT,
  memory,
  PERMISSIONS,
  text,
  UINT32_MAX,
} from './config-kinds.ts';
import { ADDRESSES, OUTPUT_BUFFER_LIMITS } from './config-list-kinds.ts';

const MEBIBYTE = 1024n ** 2n;

export const NETWORK_DIRECTIVES = {
  bind: directive(
    ADDRESSES,
    '* -::*',
    'Addresses to listen on; * and ::* are all, and one behind a - may be missing.',
  ),
  port: directive(integer(0, 65535), '6379', 'TCP port of the Redis protocol; 0 listens on none.'),
  'text-port': directive(
    integer(0, 65535),
    '0',
    'TCP port of the line protocol for people and simple programs; 0 listens on none.',
  ),
  'text-replies': directive(
    choice('quoted', 'raw'),
    'quoted',
    'Whether the line protocol prints values between quotes or as they are.',
  ),
  'tcp-backlog': directive(
    integer(0, INT32_MAX),
    '511',
    'How many connections may wait to be accepted; the kernel may cap it.',
    { change: 'startup' },
  ),
  unixsocket: directive(text('<path>'), '', 'Path of a Unix socket to listen on as well.', {
    change: 'startup',
  }),
  unixsocketperm: directive(
    PERMISSIONS,
    '0',
    'Permissions of the Unix socket; 0 leaves them to the umask.',
    { change: 'startup' },
  ),
  timeout: directive(
    integer(0, INT32_MAX),
    '0',
    'Seconds after which an idle client is disconnected; 0 is never.',
  ),
  'tcp-keepalive': directive(
    integer(0, INT32_MAX),
    '300',
    'Seconds between the probes that find dead peers; 0 sends none.',
  ),
  'protected-mode': directive(
    BOOLEAN,
    'yes',
    'Whether only local clients are served as long as the default user has no password.',
  ),
  maxclients: directive(
    integer(1, UINT32_MAX),
    '10000',
    'How many clients may be connected at once; one more is told so and disconnected.',
  ),
  'maxmemory-clients': directive(
    MEMORY_OR_PERCENT,
    '0',
    'Memory all clients may use together, in bytes or percent of maxmemory; 0 is no limit.',
  ),
  'proto-max-bulk-len': directive(
    memory(MEBIBYTE),
    '512mb',
    'Longest string that a client may send or build.',
  ),
  'client-query-buffer-limit': directive(
    memory(MEBIBYTE),
    '1gb',
    'Unprocessed input that disconnects a client.',
  ),
  'client-output-buffer-limit': directive(
    OUTPUT_BUFFER_LIMITS,
    'normal 0 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60',
    'Unsent output that disconnects a client: at once, or after seconds above the soft limit.',
  ),
  'bind-source-addr': directive(
    text('<address>'),
    '',
    'Local address of the connections this server opens.',
    { effect: 'planned' },
  ),
  'socket-mark-id': directive(
    integer(0, UINT32_MAX),
    '0',
    'Mark of listening sockets for packet filters.',
    { change: 'startup', effect: 'accepted' },
  ),
  'io-threads': directive(integer(1, 128), '1', 'Number of threads that read and write sockets.', {
    change: 'startup',
    effect: 'accepted',
  }),
  'io-threads-do-reads': directive(BOOLEAN, 'no', 'Whether those threads also read and parse.', {
    change: 'startup',
    effect: 'accepted',
  }),
};

/**
 * Directives: Redis Cluster, which this server does not take part in. All are accepted so that
 * files load.
 */

import { directive } from './config-directive.ts';
import {
  BOOLEAN,
  choice,
  INT32_MAX,
  INT64_MAX,
  integer,
  memory,
  onlyNo,
  text,
  UINT64_MAX,
} from './config-kinds.ts';

const WITHOUT_EFFECT = { effect: 'accepted' } as const;
const STARTUP_WITHOUT_EFFECT = { change: 'startup', effect: 'accepted' } as const;

const HOSTNAME = /^[A-Za-z0-9.-]*$/;
const HOSTNAME_LENGTH_MAX = 255;

function checkHostname(hostname: string): string | undefined {
  if (hostname.length > HOSTNAME_LENGTH_MAX) return 'Hostnames must be less than 256 characters';
  if (HOSTNAME.test(hostname)) return undefined;
  return 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}

export const CLUSTER_DIRECTIVES = {
  'cluster-enabled': directive(
    onlyNo('Redstart has no cluster mode'),
    'no',
    'Whether this server is a node of a cluster; yes is refused.',
    { change: 'startup' },
  ),
  'cluster-config-file': directive(
    text('<file name>'),
    'nodes.conf',
    'File in which a node keeps what it knows of the cluster.',
    STARTUP_WITHOUT_EFFECT,
  ),
  'cluster-node-timeout': directive(
    integer(0, INT64_MAX),
    '15000',
    'Milliseconds of silence after which a node counts as failing.',
    WITHOUT_EFFECT,
  ),
  'cluster-port': directive(
    integer(0, 65535),
    '0',
    'Port of the cluster bus; 0 is the client port plus 10000.',
    STARTUP_WITHOUT_EFFECT,
  ),
  'cluster-replica-validity-factor': directive(
    integer(0, INT32_MAX),
    '10',
    'How old the data of a replica may be for it to be promoted.',
    { aliases: ['cluster-slave-validity-factor'], effect: 'accepted' },
  ),
  'cluster-replica-no-failover': directive(
    BOOLEAN,
    'no',
    'Whether a replica never promotes itself.',
    { aliases: ['cluster-slave-no-failover'], effect: 'accepted' },
  ),
  'cluster-migration-barrier': directive(
    integer(0, INT32_MAX),
    '1',
    'Replicas that a master keeps when others migrate away.',
    WITHOUT_EFFECT,
  ),
  'cluster-allow-replica-migration': directive(
    BOOLEAN,
    'yes',
    'Whether replicas migrate to masters that have none.',
    WITHOUT_EFFECT,
  ),
  'cluster-require-full-coverage': directive(
    BOOLEAN,
    'yes',
    'Whether a cluster with unserved slots serves none.',
    WITHOUT_EFFECT,
  ),
  'cluster-allow-reads-when-down': directive(
    BOOLEAN,
    'no',
    'Whether a node of a cluster that is down answers reads.',
    WITHOUT_EFFECT,
  ),
  'cluster-allow-pubsubshard-when-down': directive(
    BOOLEAN,
    'yes',
    'Whether a node of a cluster that is down serves sharded channels.',
    WITHOUT_EFFECT,
  ),
  'cluster-link-sendbuf-limit': directive(
    memory(0n, UINT64_MAX),
    '0',
    'Unsent bytes that close a link of the cluster bus; 0 is no limit.',
    WITHOUT_EFFECT,
  ),
  'cluster-announce-ip': directive(
    text('<address>'),
    '',
    'Address a node tells the others.',
    WITHOUT_EFFECT,
  ),
  'cluster-announce-hostname': directive(
    text('<hostname>', checkHostname),
    '',
    'Hostname a node tells the others.',
    WITHOUT_EFFECT,
  ),
  'cluster-announce-human-nodename': directive(
    text('<name>'),
    '',
    'Name of a node in the logs of the others.',
    WITHOUT_EFFECT,
  ),
  'cluster-announce-port': directive(
    integer(0, 65535),
    '0',
    'Port a node tells the others; 0 is its own.',
    WITHOUT_EFFECT,
  ),
  'cluster-announce-tls-port': directive(
    integer(0, 65535),
    '0',
    'TLS port a node tells the others; 0 is its own.',
    WITHOUT_EFFECT,
  ),
  'cluster-announce-bus-port': directive(
    integer(0, 65535),
    '0',
    'Port of the cluster bus a node tells the others; 0 is its own.',
    WITHOUT_EFFECT,
  ),
  'cluster-preferred-endpoint-type': directive(
    choice('ip', 'hostname', 'unknown-endpoint'),
    'ip',
    'Whether clients are redirected to addresses or hostnames.',
    WITHOUT_EFFECT,
  ),
};

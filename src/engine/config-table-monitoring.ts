/** Directives: what the server observes about itself and tells others. */

import { directive } from './config-directive.ts';
import { BOOLEAN, INT64_MAX, integer } from './config-kinds.ts';
import { ADDRESSES, KEYSPACE_EVENTS, PERCENTILES } from './config-list-kinds.ts';

export const MONITORING_DIRECTIVES = {
  'http-port': directive(
    integer(0, 65535),
    '0',
    'TCP port of /metrics for Prometheus, /healthz and /readyz; 0 listens on none.',
    { change: 'startup' },
  ),
  'http-bind': directive(
    ADDRESSES,
    '127.0.0.1 -::1',
    'Addresses of that port, as with bind; whoever reaches them needs no password.',
    { change: 'startup' },
  ),
  'slowlog-log-slower-than': directive(
    integer(-1, INT64_MAX),
    '10000',
    'Microseconds from which a command enters the slow log; 0 is every command, -1 none.',
  ),
  'slowlog-max-len': directive(
    integer(0, INT64_MAX),
    '128',
    'How many commands the slow log remembers.',
  ),
  'latency-monitor-threshold': directive(
    integer(0, INT64_MAX),
    '0',
    'Milliseconds from which an event is recorded for LATENCY; 0 records none.',
  ),
  'latency-tracking': directive(
    BOOLEAN,
    'yes',
    'Whether the time of every command is counted for INFO latencystats.',
  ),
  'latency-tracking-info-percentiles': directive(
    PERCENTILES,
    '50 99 99.9',
    'Percentiles that INFO latencystats shows.',
  ),
  'notify-keyspace-events': directive(
    KEYSPACE_EVENTS,
    '',
    'Which events of keys are published, by letters; none by default.',
  ),
  'tracking-table-max-keys': directive(
    integer(0, INT64_MAX),
    '1000000',
    'How many keys client-side caching remembers; 0 is no limit.',
  ),
};

/** INFO stats. */
import type { Keyspace } from '../../keyspace/keyspace.ts';
import type { DefragmentationFigures, Statistics } from '../services/statistics.ts';
import { type Field, fixed, type Section } from './section.ts';

export const stats: Section = {
  title: 'Stats',
  isDefault: true,
  fields({ keyspace, services: { statistics, pubsub, tracking } }) {
    return [
      ...trafficFields(statistics),
      ...keyFields(keyspace, statistics),
      ['pubsub_channels', pubsub.size('channels')],
      ['pubsub_patterns', pubsub.size('patterns')],
      ['pubsubshard_channels', pubsub.size('shardChannels')],
      ...ABSENT_FIELDS,
      ...defragmentationFields(statistics.defragmentation),
      ['tracking_total_keys', tracking.keyCount],
      ['tracking_total_items', tracking.itemCount],
      ['tracking_total_prefixes', tracking.prefixCount],
      ['unexpected_error_replies', 0],
      ['total_error_replies', statistics.errorReplies],
      ['dump_payload_sanitizations', 0],
      ['total_reads_processed', statistics.reads],
      ['total_writes_processed', statistics.writes],
      ['io_threaded_reads_processed', 0],
      ['io_threaded_writes_processed', 0],
      ['reply_buffer_shrinks', 0],
      ['reply_buffer_expands', 0],
      ...eventLoopFields(statistics),
      ['acl_access_denied_auth', statistics.errors.get('WRONGPASS') ?? 0],
      ['acl_access_denied_cmd', 0],
      ['acl_access_denied_key', 0],
      ['acl_access_denied_channel', 0],
    ];
  },
};

function trafficFields(statistics: Statistics): Field[] {
  return [
    ['total_connections_received', statistics.connectionsReceived],
    ['total_commands_processed', statistics.commandsProcessed],
    ['instantaneous_ops_per_sec', statistics.operationsPerSecond()],
    ['total_net_input_bytes', statistics.inputBytes],
    ['total_net_output_bytes', statistics.outputBytes],
    ['total_net_repl_input_bytes', 0],
    ['total_net_repl_output_bytes', 0],
    ['instantaneous_input_kbps', fixed(statistics.inputKilobytesPerSecond(), 2)],
    ['instantaneous_output_kbps', fixed(statistics.outputKilobytesPerSecond(), 2)],
    ['instantaneous_input_repl_kbps', '0.00'],
    ['instantaneous_output_repl_kbps', '0.00'],
    ['rejected_connections', statistics.connectionsRejected],
    ['sync_full', 0],
    ['sync_partial_ok', 0],
    ['sync_partial_err', 0],
  ];
}

function keyFields(keyspace: Keyspace, statistics: Statistics): Field[] {
  return [
    ['expired_keys', keyspace.expired],
    // Keys go when they are due: none is left behind for a sample to find.
    ['expired_stale_perc', '0.00'],
    ['expired_time_cap_reached_count', statistics.expiryLimitsReached],
    ['expire_cycle_cpu_milliseconds', Math.floor(statistics.expiryMilliseconds)],
    ['evicted_keys', keyspace.evicted],
    ['evicted_clients', statistics.clientsEvicted],
    ['total_eviction_exceeded_time', Math.floor(statistics.eviction.totalExceededMs)],
    ['current_eviction_exceeded_time', Math.floor(statistics.eviction.currentExceededMs)],
    ['keyspace_hits', keyspace.hits],
    ['keyspace_misses', keyspace.misses],
  ];
}

/** Of what this server does not have: child processes, replicas. */
const ABSENT_FIELDS: readonly Field[] = [
  ['latest_fork_usec', 0],
  ['total_forks', 0],
  ['migrate_cached_sockets', 0],
  ['slave_expires_tracked_keys', 0],
];

/** A key has one block that can move; one that stays is not looked at. */
function defragmentationFields({ moved, milliseconds }: DefragmentationFigures): Field[] {
  return [
    ['active_defrag_hits', moved],
    ['active_defrag_misses', 0],
    ['active_defrag_key_hits', moved],
    ['active_defrag_key_misses', 0],
    ['total_active_defrag_time', Math.round(milliseconds)],
    ['current_active_defrag_time', 0],
  ];
}

function eventLoopFields({ eventLoop, commandMicroseconds }: Statistics): Field[] {
  return [
    ['eventloop_cycles', eventLoop.cycles],
    ['eventloop_duration_sum', eventLoop.microseconds],
    ['eventloop_duration_cmd_sum', Math.round(commandMicroseconds)],
    ['instantaneous_eventloop_cycles_per_sec', eventLoop.cyclesPerSecond()],
    ['instantaneous_eventloop_duration_usec', eventLoop.microsecondsPerCycle()],
  ];
}

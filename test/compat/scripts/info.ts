import { masked, matching, namesOnly, picked, sorted } from '../normalise.ts';
import { covers, defineScript, in72, type Line, type Step, wait } from '../script.ts';

const words = (text: string): string[] => text.trim().split(/\s+/);

/** The values of these fields, as field:value lines. */
const values = (line: Line, ...fields: string[]): Step =>
  picked(line, new RegExp(`^(?:${fields.join('|')}):\\S*`, 'm'));

/** The measured times of a statistics line do not count. */
const timeless = (line: Line): Step =>
  masked(sorted(line), /(?<=usec=|usec_per_call=|p\d+(?:\.\d+)?=)[\d.]+/);

const EVENT_LOOP_AND_ACL = '7.2 counts event loop cycles and denied accesses';
const BLOCKING_KEYS = '7.2 counts keys that clients block on';
const LISTENERS = '7.2 lists its listeners';

const SERVER_72 = words(`
  redis_version redis_git_sha1 redis_git_dirty redis_build_id redis_mode os arch_bits
  monotonic_clock multiplexing_api atomicvar_api gcc_version process_id process_supervised run_id
  tcp_port server_time_usec uptime_in_seconds uptime_in_days hz configured_hz lru_clock executable
  config_file io_threads_active listener0`);

const CLIENTS_72 = words(`
  connected_clients cluster_connections maxclients client_recent_max_input_buffer
  client_recent_max_output_buffer blocked_clients tracking_clients clients_in_timeout_table
  total_blocking_keys total_blocking_keys_on_nokey`);

const STATS_72 = words(`
  total_connections_received total_commands_processed instantaneous_ops_per_sec
  total_net_input_bytes total_net_output_bytes total_net_repl_input_bytes
  total_net_repl_output_bytes instantaneous_input_kbps instantaneous_output_kbps
  instantaneous_input_repl_kbps instantaneous_output_repl_kbps rejected_connections sync_full
  sync_partial_ok sync_partial_err expired_keys expired_stale_perc expired_time_cap_reached_count
  expire_cycle_cpu_milliseconds evicted_keys evicted_clients total_eviction_exceeded_time
  current_eviction_exceeded_time keyspace_hits keyspace_misses pubsub_channels pubsub_patterns
  pubsubshard_channels latest_fork_usec total_forks migrate_cached_sockets
  slave_expires_tracked_keys active_defrag_hits active_defrag_misses active_defrag_key_hits
  active_defrag_key_misses total_active_defrag_time current_active_defrag_time
  tracking_total_keys tracking_total_items tracking_total_prefixes unexpected_error_replies
  total_error_replies dump_payload_sanitizations total_reads_processed total_writes_processed
  io_threaded_reads_processed io_threaded_writes_processed reply_buffer_shrinks
  reply_buffer_expands eventloop_cycles eventloop_duration_sum eventloop_duration_cmd_sum
  instantaneous_eventloop_cycles_per_sec instantaneous_eventloop_duration_usec
  acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key acl_access_denied_channel`);

const sections = (line: Line): Step => picked(line, /^# \w+/m);

export const script = defineScript({
  'INFO is in sections': [
    sections('INFO'),
    sections('INFO default'),
    sections('INFO all'),
    sections('INFO everything'),
    sections('info SERVER'),
    sections('INFO server clients'),
    sections('INFO clients server clients'),
    sections('INFO keyspace server'),
    sections('INFO default commandstats'),
    sections('INFO nosuch'),
    sections('INFO nosuch cpu'),
    'INFO nosuch',
    ['INFO', ''],
  ],

  'The fields of each section': [
    in72(covers(namesOnly('INFO server')), LISTENERS, SERVER_72),
    in72(covers(namesOnly('INFO clients')), BLOCKING_KEYS, CLIENTS_72),
    covers(namesOnly('INFO memory')),
    covers(namesOnly('INFO persistence')),
    in72(covers(namesOnly('INFO stats')), EVENT_LOOP_AND_ACL, STATS_72),
    covers(namesOnly('INFO replication')),
    covers(namesOnly('INFO cpu')),
    covers(namesOnly('INFO cluster')),
    'INFO modules',
  ],

  'INFO keyspace': [
    'INFO keyspace',
    'MSET a 1 b 2 c 3',
    'EXPIRE a 100',
    masked('INFO keyspace', /(?<=avg_ttl=)\d+/),
    'SELECT 3',
    'SET x 1',
    masked('INFO keyspace', /(?<=avg_ttl=)\d+/),
    'DEL x',
    masked('INFO keyspace', /(?<=avg_ttl=)\d+/),
  ],

  'INFO stats counts hits, misses, expired keys and errors': [
    'CONFIG RESETSTAT',
    'SET k v',
    'GET k',
    'MGET k k missing',
    'EXISTS k missing',
    'GET missing',
    'TTL k',
    'STRLEN missing',
    values('INFO stats', 'keyspace_hits', 'keyspace_misses'),
    'SET k v PX 10',
    'SET l v PX 10',
    wait(300),
    'GET k',
    values('INFO stats', 'expired_keys', 'keyspace_hits', 'keyspace_misses'),
    'NOSUCH',
    'INCR',
    'SET k x',
    'INCR k',
    'AUTH x y',
    values('INFO stats', 'total_error_replies'),
    'INFO errorstats',
    'CONFIG RESETSTAT',
    values('INFO stats', 'expired_keys', 'keyspace_hits', 'total_error_replies'),
    'INFO errorstats',
  ],

  'INFO commandstats and latencystats': [
    'CONFIG RESETSTAT',
    'SET k v',
    'GET k',
    'get k',
    'GET',
    'INCR k',
    matching('CLIENT ID', /\d+/),
    'OBJECT ENCODING k',
    'CLIENT NOSUCH',
    timeless(picked('INFO commandstats', /^cmdstat_(?:set|get|incr|client|object)\b.*\S/m)),
    timeless(
      picked('INFO latencystats', /^latency_percentiles_usec_(?:set|get|incr|client)\b.*\S/m),
    ),
    'CONFIG SET latency-tracking-info-percentiles 50',
    timeless(picked('INFO latencystats', /^latency_percentiles_usec_get\b.*\S/m)),
    'CONFIG SET latency-tracking no',
    'INFO latencystats',
  ],

  'INFO of a fresh server': [
    values('INFO server', 'redis_mode', 'arch_bits', 'process_supervised', 'config_file'),
    values('INFO clients', 'connected_clients', 'blocked_clients', 'tracking_clients'),
    values('INFO memory', 'maxmemory', 'maxmemory_human', 'maxmemory_policy'),
    values(
      'INFO persistence',
      'loading',
      'aof_enabled',
      'rdb_bgsave_in_progress',
      'rdb_last_bgsave_status',
    ),
    values(
      'INFO replication',
      'role',
      'connected_slaves',
      'second_repl_offset',
      'repl_backlog_active',
    ),
    values('INFO cluster', 'cluster_enabled'),
  ],
});

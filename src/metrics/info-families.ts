/**
 * What INFO tells as one number, under the names that redis_exporter gives it, and under
 * `redstart_` where it knows none. INFO is the one place where these numbers are put together.
 */
import { cpu } from '../commands/info/cpu.ts';
import { persistence } from '../commands/info/persistence.ts';
import { replication } from '../commands/info/replication.ts';
import type { InfoSource, Section } from '../commands/info/section.ts';
import { server } from '../commands/info/server.ts';
import { stats } from '../commands/info/stats.ts';
import { type Family, labels, single } from './family.ts';

/** A field of INFO and its family; a value is multiplied by `factor`. */
interface Row {
  readonly field: string;
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly factor: number;
}

const MILLISECOND = 1e-3;
const MICROSECOND = 1e-6;

/** A row that falls only when the server starts or CONFIG RESETSTAT says so. */
function counter(field: string, name: string, help: string, factor = 1): Row {
  return { field, name, type: 'counter', help, factor };
}

function gauge(field: string, name: string, help: string, factor = 1): Row {
  return { field, name, type: 'gauge', help, factor };
}

const SERVER: readonly Row[] = [
  gauge('uptime_in_seconds', 'redis_uptime_in_seconds', 'Seconds since the start.'),
  gauge('process_id', 'redis_process_id', 'Id of the process.'),
];

const PERSISTENCE: readonly Row[] = [
  gauge('loading', 'redis_loading_dump_file', 'Whether data are being loaded.'),
  gauge(
    'rdb_changes_since_last_save',
    'redis_rdb_changes_since_last_save',
    'Changes since the last snapshot.',
  ),
  gauge('rdb_bgsave_in_progress', 'redis_rdb_bgsave_in_progress', 'Whether one is written.'),
  gauge(
    'rdb_last_save_time',
    'redis_rdb_last_save_timestamp_seconds',
    'When the last one was finished, or the server started.',
  ),
  gauge('rdb_last_bgsave_status', 'redis_rdb_last_bgsave_status', 'Whether the last one is good.'),
  gauge(
    'rdb_last_bgsave_time_sec',
    'redis_rdb_last_bgsave_duration_sec',
    'Seconds that it took; -1 for none.',
  ),
  gauge(
    'rdb_current_bgsave_time_sec',
    'redis_rdb_current_bgsave_duration_sec',
    'Seconds that the current one takes; -1 for none.',
  ),
  gauge(
    'rdb_last_cow_size',
    'redis_rdb_last_cow_size_bytes',
    'Memory that the last one took beside the data.',
  ),
  gauge('aof_enabled', 'redis_aof_enabled', 'Whether there is an append-only file.'),
  gauge('aof_rewrite_in_progress', 'redis_aof_rewrite_in_progress', 'Whether it is rewritten.'),
  gauge('aof_rewrite_scheduled', 'redis_aof_rewrite_scheduled', 'Whether it will be soon.'),
  gauge(
    'aof_last_rewrite_time_sec',
    'redis_aof_last_rewrite_duration_sec',
    'Seconds that the last rewrite took; -1 for none.',
  ),
  gauge(
    'aof_current_rewrite_time_sec',
    'redis_aof_current_rewrite_duration_sec',
    'Seconds that the current one takes; -1 for none.',
  ),
  gauge(
    'aof_last_bgrewrite_status',
    'redis_aof_last_bgrewrite_status',
    'Whether the last rewrite came to a good end.',
  ),
  gauge(
    'aof_last_write_status',
    'redis_aof_last_write_status',
    'Whether the last write to the append-only file did.',
  ),
  gauge('aof_current_size', 'redis_aof_current_size_bytes', 'Size of the append-only file.'),
  gauge('aof_base_size', 'redis_aof_base_size_bytes', 'Its size after the last rewrite.'),
  gauge('aof_pending_rewrite', 'redis_aof_pending_rewrite', 'Whether a rewrite waits.'),
  gauge('aof_buffer_length', 'redis_aof_buffer_length', 'Bytes that wait for the disk.'),
  gauge('aof_pending_bio_fsync', 'redis_aof_pending_bio_fsync', 'Synchronisations under way.'),
  gauge('aof_delayed_fsync', 'redis_aof_delayed_fsync', 'How often one was late.'),
];

const STATS: readonly Row[] = [
  counter(
    'total_connections_received',
    'redis_connections_received_total',
    'Connections that were accepted.',
  ),
  counter('rejected_connections', 'redis_rejected_connections_total', 'Those that were refused.'),
  counter('total_commands_processed', 'redis_commands_processed_total', 'Commands that were run.'),
  gauge(
    'instantaneous_ops_per_sec',
    'redis_instantaneous_ops_per_sec',
    'Commands per second in the last 1.6 seconds.',
  ),
  counter('total_net_input_bytes', 'redis_net_input_bytes_total', 'Bytes from clients.'),
  counter('total_net_output_bytes', 'redis_net_output_bytes_total', 'Bytes to clients.'),
  counter('expired_keys', 'redis_expired_keys_total', 'Keys that were removed when due.'),
  counter(
    'expired_time_cap_reached_count',
    'redis_expired_time_cap_reached_total',
    'How often a round of expiry ended with due keys left.',
  ),
  counter(
    'expire_cycle_cpu_milliseconds',
    'redstart_expire_cycle_seconds_total',
    'Time spent on removing due keys.',
    MILLISECOND,
  ),
  counter('evicted_keys', 'redis_evicted_keys_total', 'Keys that were evicted.'),
  counter('evicted_clients', 'redis_evicted_clients_total', 'Clients that were.'),
  counter(
    'total_eviction_exceeded_time',
    'redstart_eviction_exceeded_seconds_total',
    'How long memory has been beyond maxmemory.',
    MILLISECOND,
  ),
  counter('keyspace_hits', 'redis_keyspace_hits_total', 'Reads that found their key.'),
  counter('keyspace_misses', 'redis_keyspace_misses_total', 'Reads that did not.'),
  gauge('pubsub_channels', 'redis_pubsub_channels', 'Channels with subscribers.'),
  gauge('pubsub_patterns', 'redis_pubsub_patterns', 'Patterns with subscribers.'),
  gauge('pubsubshard_channels', 'redis_pubsubshard_channels', 'Sharded channels with some.'),
  gauge('tracking_total_keys', 'redis_tracking_total_keys', 'Keys that are tracked.'),
  counter('total_error_replies', 'redstart_error_replies_total', 'Error replies of all kinds.'),
  gauge('active_defrag_hits', 'redis_defrag_hits', 'Values that were moved.'),
  counter('eventloop_cycles', 'redstart_event_loop_cycles_total', 'Turns of the event loop.'),
  counter(
    'eventloop_duration_sum',
    'redstart_event_loop_active_seconds_total',
    'Time that it worked rather than waited: its rate is the load of the one thread.',
    MICROSECOND,
  ),
  counter(
    'eventloop_duration_cmd_sum',
    'redstart_event_loop_commands_seconds_total',
    'The part of it that was spent in commands.',
    MICROSECOND,
  ),
];

const REPLICATION: readonly Row[] = [
  gauge('connected_slaves', 'redis_connected_slaves', 'Replicas that are connected.'),
  gauge('master_repl_offset', 'redis_master_repl_offset', 'Bytes of the stream to replicas.'),
  gauge('repl_backlog_size', 'redis_replication_backlog_bytes', 'What may be kept of it.'),
  gauge('repl_backlog_histlen', 'redis_repl_backlog_history_bytes', 'What is kept of it.'),
];

const CPU: readonly Row[] = [
  counter('used_cpu_sys', 'redis_cpu_sys_seconds_total', 'CPU time of the process in the kernel.'),
  counter('used_cpu_user', 'redis_cpu_user_seconds_total', 'CPU time of it elsewhere.'),
  counter(
    'used_cpu_sys_main_thread',
    'redis_cpu_sys_main_thread_seconds_total',
    'CPU time in the kernel of the thread that runs commands.',
  ),
  counter(
    'used_cpu_user_main_thread',
    'redis_cpu_user_main_thread_seconds_total',
    'CPU time elsewhere of that thread.',
  ),
];

/** Sections and what is shown of them. */
export const INFO_ROWS: ReadonlyArray<readonly [section: Section, rows: readonly Row[]]> = [
  [server, SERVER],
  [persistence, PERSISTENCE],
  [stats, STATS],
  [replication, REPLICATION],
  [cpu, CPU],
];

/** One family for each row whose field is there now: some are not while a part is off. */
export function* sectionFamilies(
  section: Section,
  rows: readonly Row[],
  source: InfoSource,
): Generator<Family> {
  const values = new Map(section.fields(source));
  for (const { field, name, type, help, factor } of rows) {
    const text = values.get(field);
    if (text !== undefined) yield single(name, type, help, numberOf(text) * factor);
  }
}

/** Who this is: labels that join with all other families of the instance. */
export function* instanceFamilies(source: InfoSource): Generator<Family> {
  yield single('redis_up', 'gauge', 'That the server answers.', 1);
  const { statistics, configuration } = source.services;
  yield single(
    'redis_start_time_seconds',
    'gauge',
    'When the server was started.',
    Math.round(statistics.startMs / 1000),
  );
  const words = new Map([...server.fields(source), ...replication.fields(source)]);
  const named = (...names: string[]) => names.map((name) => [name, words.get(name) ?? '']);
  const pairs = Object.fromEntries([
    ...named('role', 'redis_version', 'redstart_version', 'node_version', 'redis_build_id'),
    ...named('redis_mode', 'os', 'tcp_port', 'run_id', 'process_id', 'master_replid'),
    ['maxmemory_policy', configuration.textOf('maxmemory-policy')],
  ]) as Record<string, string>;
  yield {
    name: 'redis_instance_info',
    type: 'gauge',
    help: 'Who this is, as labels.',
    samples: [{ value: 1, labels: labels(pairs) }],
  };
}

/** INFO says of some things that they are well, rather than a number. */
function numberOf(text: string | number): number {
  if (text === 'ok') return 1;
  if (text === 'err') return 0;
  return Number(text);
}

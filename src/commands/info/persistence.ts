/** INFO persistence. */
import type { LoadingFigures } from '../services/persistence.ts';
import { type Field, fixed, type Section } from './section.ts';

export const persistence: Section = {
  title: 'Persistence',
  isDefault: true,
  fields({ keyspace, services: { lifecycle, persistence: files } }) {
    return [
      ['loading', lifecycle.loading ? 1 : 0],
      ['async_loading', 0],
      ['current_cow_peak', 0],
      ['current_cow_size', 0],
      ['current_cow_size_age', 0],
      ['current_fork_perc', '0.00'],
      ['current_save_keys_processed', 0],
      ['current_save_keys_total', 0],
      ['rdb_changes_since_last_save', files.changesSinceSave],
      ['rdb_bgsave_in_progress', 0],
      ['rdb_last_save_time', Math.floor(files.lastSaveMs / 1000)],
      ['rdb_last_bgsave_status', 'ok'],
      ['rdb_last_bgsave_time_sec', -1],
      ['rdb_current_bgsave_time_sec', -1],
      ['rdb_saves', files.saves],
      ['rdb_last_cow_size', 0],
      ['rdb_last_load_keys_expired', files.keysExpired],
      ['rdb_last_load_keys_loaded', files.keysLoaded],
      ['aof_enabled', 0],
      ['aof_rewrite_in_progress', 0],
      ['aof_rewrite_scheduled', 0],
      ['aof_last_rewrite_time_sec', -1],
      ['aof_current_rewrite_time_sec', -1],
      ['aof_last_bgrewrite_status', 'ok'],
      ['aof_rewrites', 0],
      ['aof_rewrites_consecutive_failures', 0],
      ['aof_last_write_status', 'ok'],
      ['aof_last_cow_size', 0],
      ['module_fork_in_progress', 0],
      ['module_fork_last_cow_size', 0],
      ...(files.loading === null ? [] : loadingFields(files.loading, keyspace.nowMs)),
    ];
  },
};

/** How far loading is, and in how many seconds it is done if it goes on like that. */
function loadingFields(figures: LoadingFigures, nowMs: number): Field[] {
  const { startMs, totalBytes, loadedBytes, usedMemory } = figures;
  const seconds = (nowMs - startMs) / 1000;
  const share = totalBytes === 0 ? 0 : loadedBytes / totalBytes;
  const etaSeconds = share === 0 ? 1 : Math.floor((seconds * (1 - share)) / share);
  return [
    ['loading_start_time', Math.floor(startMs / 1000)],
    ['loading_total_bytes', totalBytes],
    ['loading_rdb_used_mem', usedMemory],
    ['loading_loaded_bytes', loadedBytes],
    ['loading_loaded_perc', fixed(share * 100, 2)],
    ['loading_loaded_eta_seconds', etaSeconds],
  ];
}

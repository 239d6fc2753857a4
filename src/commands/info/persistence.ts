/** INFO persistence. */
import type { AppendOnly, AppendOnlySizes } from '../services/append-only.ts';
import type { LoadingFigures, SavingFigures } from '../services/persistence.ts';
import { type Field, fixed, type Section } from './section.ts';

export const persistence: Section = {
  title: 'Persistence',
  isDefault: true,
  fields({ keyspace, services: { appendOnly, lifecycle, persistence: files } }) {
    const { background } = files;
    const { writing } = background;
    return [
      ['loading', lifecycle.loading ? 1 : 0],
      ['async_loading', 0],
      // Nothing is copied on writing: what a snapshot takes are its buffers.
      ['current_cow_peak', writing?.peakBytes ?? 0],
      ['current_cow_size', writing?.usedBytes ?? 0],
      ['current_cow_size_age', 0],
      ['current_fork_perc', fixed(writing === null ? 0 : percentOf(writing), 2)],
      ['current_save_keys_processed', writing?.keys ?? 0],
      ['current_save_keys_total', writing?.keysTotal ?? 0],
      ['rdb_changes_since_last_save', files.changesSinceSave],
      ['rdb_bgsave_in_progress', background.isRunning ? 1 : 0],
      ['rdb_last_save_time', Math.floor(files.lastSaveMs / 1000)],
      ['rdb_last_bgsave_status', background.isHealthy ? 'ok' : 'err'],
      ['rdb_last_bgsave_time_sec', background.lastSeconds],
      ['rdb_current_bgsave_time_sec', background.currentSeconds],
      ['rdb_saves', files.saves],
      ['rdb_last_cow_size', background.lastPeakBytes],
      ['rdb_last_load_keys_expired', files.keysExpired],
      ['rdb_last_load_keys_loaded', files.keysLoaded],
      ...appendOnlyFields(appendOnly),
      ['module_fork_in_progress', 0],
      ['module_fork_last_cow_size', 0],
      ...(appendOnly.sizes === null ? [] : sizeFields(appendOnly.sizes)),
      ...(files.loading === null ? [] : loadingFields(files.loading, keyspace.nowMs)),
    ];
  },
};

function percentOf({ keys, keysTotal }: SavingFigures): number {
  return keysTotal === 0 ? 0 : (keys * 100) / keysTotal;
}

function appendOnlyFields(file: AppendOnly): Field[] {
  return [
    ['aof_enabled', file.isEnabled ? 1 : 0],
    ['aof_rewrite_in_progress', file.isRewriting ? 1 : 0],
    ['aof_rewrite_scheduled', file.isRewriteScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', file.lastRewriteSeconds],
    ['aof_current_rewrite_time_sec', file.currentRewriteSeconds],
    ['aof_last_bgrewrite_status', file.lastRewriteFailed ? 'err' : 'ok'],
    ['aof_rewrites', file.rewrites],
    ['aof_rewrites_consecutive_failures', file.consecutiveFailures],
    ['aof_last_write_status', file.lastWriteFailed ? 'err' : 'ok'],
    ['aof_last_cow_size', file.lastPeakBytes],
  ];
}

/** What is told while the append-only file is on. */
function sizeFields(sizes: AppendOnlySizes): Field[] {
  return [
    ['aof_current_size', sizes.currentBytes],
    ['aof_base_size', sizes.baseBytes],
    ['aof_pending_rewrite', sizes.isRewritePending ? 1 : 0],
    ['aof_buffer_length', sizes.bufferedBytes],
    ['aof_pending_bio_fsync', sizes.pendingSyncs],
    ['aof_delayed_fsync', sizes.delayedSyncs],
  ];
}

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

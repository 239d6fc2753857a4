/** INFO memory. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { type MemoryFigures, memoryFigures } from '../memory-figures.ts';
import { REDSTART_VERSION } from '../version.ts';
import {
  bytesFields,
  type Field,
  humanBytes,
  type InfoSource,
  percent,
  ratio,
  type Section,
} from './section.ts';

export const memory: Section = {
  title: 'Memory',
  isDefault: true,
  fields(context) {
    const figures = memoryFigures(context);
    return [
      ...useFields(figures),
      ...bytesFields('used_memory_javascript', getHeapStatistics().used_heap_size),
      ['allocator_allocated', figures.used],
      ['allocator_active', figures.held],
      ['allocator_resident', figures.committed],
      ...bytesFields('total_system_memory', totalmem()),
      ...scriptFields(context),
      ...limitFields(context),
      ...fragmentationFields(figures),
      ['mem_not_counted_for_evict', context.services.statistics.eviction.unlimitedBytes],
      ['mem_replication_backlog', 0],
      ['mem_total_replication_buffers', 0],
      ['mem_clients_slaves', 0],
      ['mem_clients_normal', figures.clients],
      ['mem_cluster_links', 0],
      ['mem_aof_buffer', 0],
      ['mem_allocator', `redstart-${REDSTART_VERSION}`],
      ['active_defrag_running', context.services.statistics.defragmentation.isRunning ? 1 : 0],
      ['lazyfree_pending_objects', context.keyspace.garbageCount],
      ['lazyfreed_objects', 0],
    ];
  },
};

function scriptFields({ services: { scripting, functions } }: InfoSource): Field[] {
  const libraries = functions.list();
  const functionCount = libraries.reduce((count, library) => count + library.functions.length, 0);
  return [
    ['used_memory_lua', scripting.stateBytes],
    ['used_memory_vm_eval', scripting.stateBytes],
    ['used_memory_lua_human', humanBytes(scripting.stateBytes)],
    ['used_memory_scripts_eval', scripting.codeBytes],
    ['number_of_cached_scripts', scripting.scriptCount],
    ['number_of_functions', functionCount],
    ['number_of_libraries', libraries.length],
    ['used_memory_vm_functions', functions.stateBytes],
    ...bytesFields('used_memory_vm_total', scripting.stateBytes + functions.stateBytes),
    ['used_memory_functions', functions.codeBytes],
    ...bytesFields('used_memory_scripts', scripting.codeBytes + functions.codeBytes),
  ];
}

function useFields(figures: MemoryFigures): Field[] {
  return [
    ...bytesFields('used_memory', figures.used),
    ...bytesFields('used_memory_rss', figures.resident),
    ...bytesFields('used_memory_peak', figures.peak),
    ['used_memory_peak_perc', percent(figures.used, figures.peak)],
    ['used_memory_overhead', figures.overhead],
    ['used_memory_startup', figures.startup],
    ['used_memory_dataset', figures.dataset],
    ['used_memory_dataset_perc', percent(figures.dataset, figures.used - figures.startup)],
  ];
}

function limitFields({ services: { configuration } }: InfoSource): Field[] {
  const limit = configuration.textOf('maxmemory');
  return [
    ['maxmemory', limit],
    ['maxmemory_human', humanBytes(Number(limit))],
    ['maxmemory_policy', configuration.textOf('maxmemory-policy')],
  ];
}

/** What is held but not used, from the allocator up to the process. */
function fragmentationFields({ used, held, committed, resident }: MemoryFigures): Field[] {
  return [
    ['allocator_frag_ratio', ratio(held, used)],
    ['allocator_frag_bytes', held - used],
    ['allocator_rss_ratio', ratio(committed, held)],
    ['allocator_rss_bytes', committed - held],
    ['rss_overhead_ratio', ratio(resident, committed)],
    ['rss_overhead_bytes', resident - committed],
    ['mem_fragmentation_ratio', ratio(resident, used)],
    ['mem_fragmentation_bytes', resident - used],
  ];
}

/** Directives: memory limit and eviction, expiry, freeing and defragmentation. */
import { EVICTION_POLICIES } from '../keyspace/eviction.ts';
import { directive } from './config-directive.ts';
import {
  BOOLEAN,
  choice,
  INT32_MAX,
  INT64_MAX,
  integer,
  memory,
  UINT64_MAX,
} from './config-kinds.ts';

const WITHOUT_EFFECT = { effect: 'accepted' } as const;

export const MEMORY_DIRECTIVES = {
  maxmemory: directive(
    memory(0n, UINT64_MAX),
    '0',
    'Memory the data set and the buffers of clients may use before keys are evicted or writes ' +
      'refused; 0 is no limit.',
  ),
  'maxmemory-policy': directive(
    choice(...EVICTION_POLICIES),
    'noeviction',
    'Which keys make room at the memory limit.',
  ),
  'maxmemory-samples': directive(
    integer(1, INT32_MAX),
    '5',
    'How many keys are looked at to find one to evict; more is more exact and slower.',
  ),
  'maxmemory-eviction-tenacity': directive(
    integer(0, 100),
    '10',
    'How long eviction may hold up commands when memory runs away, from 0 (least) to 100.',
  ),
  'lfu-log-factor': directive(
    integer(0, INT32_MAX),
    '10',
    'How many accesses it takes to saturate the counter of the LFU policies.',
  ),
  'lfu-decay-time': directive(
    integer(0, INT32_MAX),
    '1',
    'Minutes after which the counter of the LFU policies loses one; 0 is never.',
  ),
  'active-expire-effort': directive(
    integer(1, 10),
    '1',
    'How much time background work may spend on expired keys, from 1 to 10.',
    { effect: 'accepted' },
  ),
  'lazyfree-lazy-eviction': directive(
    BOOLEAN,
    'no',
    'Whether evicted values are freed in the background.',
    WITHOUT_EFFECT,
  ),
  'lazyfree-lazy-expire': directive(
    BOOLEAN,
    'no',
    'Whether expired values are freed in the background.',
    WITHOUT_EFFECT,
  ),
  'lazyfree-lazy-server-del': directive(
    BOOLEAN,
    'no',
    'Whether overwritten values are freed in the background.',
    WITHOUT_EFFECT,
  ),
  'lazyfree-lazy-user-del': directive(
    BOOLEAN,
    'no',
    'Whether DEL frees in the background, as UNLINK does.',
    WITHOUT_EFFECT,
  ),
  'lazyfree-lazy-user-flush': directive(
    BOOLEAN,
    'no',
    'Whether FLUSHALL and FLUSHDB without ASYNC or SYNC free in the background.',
    WITHOUT_EFFECT,
  ),
  activerehashing: directive(
    BOOLEAN,
    'yes',
    'Whether idle time is spent on growing hash tables.',
    WITHOUT_EFFECT,
  ),
  activedefrag: directive(
    BOOLEAN,
    'yes',
    'Whether memory held by freed records is won back while the server runs.',
  ),
  'active-defrag-ignore-bytes': directive(
    memory(1n),
    '1mb',
    'Held but unused memory below which defragmentation does not start.',
  ),
  'active-defrag-threshold-lower': directive(
    integer(0, 1000),
    '10',
    'Percentage of unused memory at which defragmentation starts.',
  ),
  'active-defrag-threshold-upper': directive(
    integer(0, 1000),
    '100',
    'Percentage of unused memory at which defragmentation works hardest.',
    { effect: 'planned' },
  ),
  'active-defrag-cycle-min': directive(
    integer(1, 99),
    '1',
    'Percentage of processor time for defragmentation at the lower threshold.',
    { effect: 'planned' },
  ),
  'active-defrag-cycle-max': directive(
    integer(1, 99),
    '25',
    'Percentage of processor time for defragmentation at the upper threshold.',
    { effect: 'planned' },
  ),
  'active-defrag-max-scan-fields': directive(
    integer(1, INT64_MAX),
    '1000',
    'Size from which a collection is defragmented on its own.',
    WITHOUT_EFFECT,
  ),
};

/** Directives: up to which size a collection is packed. */

import { directive } from './config-directive.ts';
import { INT32_MAX, INT32_MIN, INT64_MAX, integer, memory } from './config-kinds.ts';

export const VALUE_DIRECTIVES = {
  'hash-max-listpack-entries': directive(
    integer(0, INT64_MAX),
    '512',
    'Most fields that a hash keeps packed.',
    { aliases: ['hash-max-ziplist-entries'] },
  ),
  'hash-max-listpack-value': directive(
    memory(),
    '64',
    'Longest field or value that a hash keeps packed.',
    { aliases: ['hash-max-ziplist-value'] },
  ),
  'list-max-listpack-size': directive(
    integer(INT32_MIN, INT32_MAX),
    '-2',
    'Size of a node of a list: elements, or from -1 to -5 for 4, 8, 16, 32 or 64 KiB.',
    { aliases: ['list-max-ziplist-size'] },
  ),
  'list-compress-depth': directive(
    integer(0, INT32_MAX),
    '0',
    'Nodes at each end of a list that stay uncompressed; 0 compresses none.',
    { effect: 'accepted' },
  ),
  'set-max-intset-entries': directive(
    integer(0, INT64_MAX),
    '512',
    'Most members that a set of integers keeps packed.',
  ),
  'set-max-listpack-entries': directive(
    integer(0, INT64_MAX),
    '128',
    'Most members that a set keeps packed.',
  ),
  'set-max-listpack-value': directive(
    integer(0, INT64_MAX),
    '64',
    'Longest member that a set keeps packed.',
  ),
  'zset-max-listpack-entries': directive(
    integer(0, INT64_MAX),
    '128',
    'Most members that a sorted set keeps packed.',
    { aliases: ['zset-max-ziplist-entries'] },
  ),
  'zset-max-listpack-value': directive(
    memory(),
    '64',
    'Longest member that a sorted set keeps packed.',
    { aliases: ['zset-max-ziplist-value'] },
  ),
  'hll-sparse-max-bytes': directive(
    memory(),
    '3000',
    'Size up to which a HyperLogLog stays sparse.',
  ),
  'stream-node-max-bytes': directive(
    memory(),
    '4096',
    'Most bytes in a node of a stream; 0 is no limit.',
  ),
  'stream-node-max-entries': directive(
    integer(0, INT64_MAX),
    '100',
    'Most entries in a node of a stream; 0 is no limit.',
  ),
};

/** Every command: each export of a family's file is one. */

import * as appendOnlyFile from './aof.ts';
import * as bitfields from './bitfield.ts';
import * as bitmaps from './bitmap.ts';
import * as bitOperations from './bitop.ts';
import * as clients from './client.ts';
import * as clusterModes from './cluster-mode.ts';
import type { Command } from './command.ts';
import * as configuration from './config.ts';
import * as connections from './connection.ts';
import * as debugging from './debug.ts';
import * as dumps from './dump.ts';
import * as places from './geo.ts';
import * as placesByRadius from './geo-radius.ts';
import * as placeSearches from './geo-search.ts';
import * as hashes from './hash.ts';
import * as hashCounters from './hash-counter.ts';
import * as hashReads from './hash-read.ts';
import * as hashScans from './hash-scan.ts';
import * as hyperloglogs from './hyperloglog.ts';
import * as hyperloglogViews from './hyperloglog-debug.ts';
import * as info from './info.ts';
import * as introspection from './introspection.ts';
import * as keys from './key.ts';
import * as keyCopies from './key-copy.ts';
import * as keyExpiry from './key-expiry.ts';
import * as keyScans from './key-scan.ts';
import * as latency from './latency.ts';
import * as listBlocking from './list-blocking.ts';
import * as listEditing from './list-edit.ts';
import * as listMoves from './list-move.ts';
import * as listPops from './list-pop.ts';
import * as listPushes from './list-push.ts';
import * as listReads from './list-read.ts';
import * as listSearches from './list-search.ts';
import * as memory from './memory.ts';
import * as modules from './module.ts';
import * as monitoring from './monitor.ts';
import * as objects from './object.ts';
import * as publishing from './pubsub.ts';
import * as subscribing from './pubsub-subscribe.ts';
import * as replication from './replication.ts';
import * as saves from './save.ts';
import * as scripting from './scripting.ts';
import * as functions from './scripting-functions.ts';
import * as libraries from './scripting-libraries.ts';
import * as scripts from './scripting-scripts.ts';
import * as servers from './server.ts';
import * as sets from './set.ts';
import * as setAlgebra from './set-algebra.ts';
import * as setDraws from './set-random.ts';
import * as setReads from './set-read.ts';
import * as shutdowns from './shutdown.ts';
import * as slowlogs from './slowlog.ts';
import * as sorting from './sort.ts';
import * as sortedSets from './sorted-set.ts';
import * as sortedSetAlgebra from './sorted-set-algebra.ts';
import * as sortedSetBlocking from './sorted-set-blocking.ts';
import * as sortedSetCounts from './sorted-set-count.ts';
import * as sortedSetPops from './sorted-set-pop.ts';
import * as sortedSetSamples from './sorted-set-random.ts';
import * as sortedSetRanges from './sorted-set-range.ts';
import * as sortedSetRemovals from './sorted-set-remove.ts';
import * as streams from './stream.ts';
import * as streamGroups from './stream-group.ts';
import * as streamInfo from './stream-info.ts';
import * as pendingEntries from './stream-pending.ts';
import * as streamRanges from './stream-range.ts';
import * as streamReads from './stream-read.ts';
import * as strings from './string.ts';
import * as stringCounters from './string-counter.ts';
import * as stringComparison from './string-lcs.ts';
import * as manyStrings from './string-many.ts';
import * as stringRanges from './string-range.ts';
import * as transactions from './transaction.ts';

const FAMILIES: readonly Readonly<Record<string, Command>>[] = [
  keys,
  keyExpiry,
  keyCopies,
  dumps,
  keyScans,
  sorting,
  objects,
  memory,
  connections,
  clients,
  info,
  introspection,
  configuration,
  replication,
  shutdowns,
  saves,
  appendOnlyFile,
  servers,
  slowlogs,
  latency,
  modules,
  clusterModes,
  monitoring,
  debugging,
  publishing,
  subscribing,
  strings,
  manyStrings,
  stringCounters,
  stringRanges,
  stringComparison,
  listPushes,
  listPops,
  listReads,
  listSearches,
  listEditing,
  listMoves,
  listBlocking,
  hashes,
  hashReads,
  hashCounters,
  hashScans,
  sets,
  setReads,
  setDraws,
  setAlgebra,
  sortedSets,
  sortedSetCounts,
  sortedSetRanges,
  sortedSetRemovals,
  sortedSetPops,
  sortedSetBlocking,
  sortedSetSamples,
  sortedSetAlgebra,
  places,
  placeSearches,
  placesByRadius,
  bitmaps,
  bitOperations,
  bitfields,
  hyperloglogs,
  hyperloglogViews,
  streams,
  streamRanges,
  streamReads,
  streamGroups,
  pendingEntries,
  streamInfo,
  transactions,
  scripting,
  scripts,
  functions,
  libraries,
];

/** All top-level commands. */
export const COMMANDS: readonly Command[] = FAMILIES.flatMap((family) => Object.values(family));

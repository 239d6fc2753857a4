/** Looking into lists: what DEBUG says of them and makes them do. */
import type { Database } from '../keyspace/database.ts';
import { type Entry, TYPE_LIST } from '../keyspace/entry.ts';
import { NULL } from '../memory/address.ts';
import { LIST_QUICKLIST } from '../values/list.ts';
import type { Handler } from './command.ts';
import { CommandError } from './errors.ts';

/** Redis takes no threshold that comes within a mebibyte of 4 GiB. */
const THRESHOLD_MAX: number = 2 ** 32 - 2 ** 20;
const BAD_THRESHOLD = new CommandError(
  'ERR argument must be a memory value bigger than 1 and smaller than 4gb',
);
const MEMORY_SIZE = /^(\d*)(b|kb?|mb?|gb?|)$/i;
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 2 ** 10,
  m: 1e6,
  mb: 2 ** 20,
  g: 1e9,
  gb: 2 ** 30,
};

/**
 * Sets from how many bytes on an element of a large list has a node to itself; 0 for the default.
 */
export const setPackedThreshold: Handler = ({ keyspace }, args, reply) => {
  const [, digits = 'x', unit = ''] = MEMORY_SIZE.exec(args.text(2)) ?? [];
  const bytes = Number(digits) * UNIT_BYTES[unit.toLowerCase()]!;
  if (!(bytes <= THRESHOLD_MAX)) throw BAD_THRESHOLD;
  keyspace.lists.limits.setPlainBytes(bytes);
  reply.ok();
};

/** What DEBUG OBJECT says of a large list beside what it says of all; empty for other values. */
export function describeQuicklist(database: Database, entry: Entry): string {
  const { entries, keyspace } = database;
  if (entries.type(entry) !== TYPE_LIST || entries.encoding(entry) !== LIST_QUICKLIST) return '';
  const { quicklists, limits } = keyspace.lists;
  const { nodes } = quicklists;
  const { root } = keyspace.cell(0).open(database, entry);
  const count = quicklists.nodeCount(root);
  const average = (quicklists.count(root) / count).toFixed(2);
  let bytes = 0;
  for (let node = nodes.first(root); node !== NULL; node = nodes.next(node)) {
    bytes += nodes.dataBytes(node);
  }
  return (
    ` ql_nodes:${count} ql_avg_node:${average} ql_listpack_max:${limits.size} ql_compressed:0 ` +
    `ql_uncompressed_size:${bytes}`
  );
}

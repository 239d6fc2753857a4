/** DEBUG LISTPACK: how a packed collection lies in memory, entry by entry. */
import { encodingName } from '../keyspace/encodings.ts';
import { NO_ENTRY } from '../keyspace/entry.ts';
import * as listpack from '../structures/listpack.ts';
import type { Cell } from '../values/cell.ts';
import type { Handler } from './command.ts';
import { CommandError, NO_SUCH_KEY } from './errors.ts';

/** A log is no place for all entries of a huge one. */
const ENTRIES_SHOWN_MAX = 512;

const NO_LISTPACK = new CommandError('ERR Not a listpack encoded object.');

/** Logs where the entries of the listpack at argument 2 are, without what they say. */
export const logListpack: Handler = ({ database, keyspace, services }, args, reply) => {
  const entry = database.find(args, 2);
  if (entry === NO_ENTRY) throw NO_SUCH_KEY;
  const { entries } = database;
  if (encodingName(entries.type(entry), entries.encoding(entry)) !== 'listpack') throw NO_LISTPACK;
  services.lifecycle.log(describe(keyspace.cell(0).open(database, entry)));
  reply.status('Listpack structure printed on stdout');
};

function describe({ bytes, view, start }: Cell): string {
  const count = listpack.count(bytes, view, start);
  const places: string[] = [];
  let offset = listpack.first(bytes, start);
  while (offset !== 0 && places.length < ENTRIES_SHOWN_MAX) {
    places.push(`${offset}+${listpack.entryBytesAt(bytes, view, start, offset)}`);
    offset = listpack.next(bytes, view, start, offset);
  }
  const more = offset === 0 ? '' : ' ...';
  const total = listpack.totalBytes(view, start);
  return `DEBUG LISTPACK: ${total} bytes, ${count} entries, offset+bytes: ${places.join(' ')}${more}`;
}

/**
 * The names under which clients know types (TYPE, SCAN) and encodings (OBJECT ENCODING): every kind
 * of value has its line here.
 */
import { HASH_LISTPACK, HASH_TABLE } from '../values/hash.ts';
import { LIST_LISTPACK, LIST_QUICKLIST } from '../values/list.ts';
import { SET_HASHTABLE, SET_INTSET, SET_LISTPACK } from '../values/set-encoding.ts';
import { ZSET_LISTPACK, ZSET_SKIPLIST } from '../values/sorted-set.ts';
import { STREAM_BLOCKS } from '../values/stream.ts';
import { STRING_EMBSTR, STRING_INT, STRING_RAW } from '../values/string.ts';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET } from './entry.ts';

type Names = Readonly<Record<number, string>>;

const TYPE_NAMES: Names = {
  [TYPE_STRING]: 'string',
  [TYPE_LIST]: 'list',
  [TYPE_SET]: 'set',
  [TYPE_ZSET]: 'zset',
  [TYPE_HASH]: 'hash',
  [TYPE_STREAM]: 'stream',
};

const ENCODING_NAMES: Readonly<Record<number, Names>> = {
  [TYPE_STRING]: { [STRING_RAW]: 'raw', [STRING_INT]: 'int', [STRING_EMBSTR]: 'embstr' },
  [TYPE_LIST]: { [LIST_LISTPACK]: 'listpack', [LIST_QUICKLIST]: 'quicklist' },
  [TYPE_HASH]: { [HASH_LISTPACK]: 'listpack', [HASH_TABLE]: 'hashtable' },
  [TYPE_SET]: {
    [SET_INTSET]: 'intset',
    [SET_LISTPACK]: 'listpack',
    [SET_HASHTABLE]: 'hashtable',
  },
  [TYPE_ZSET]: { [ZSET_LISTPACK]: 'listpack', [ZSET_SKIPLIST]: 'skiplist' },
  [TYPE_STREAM]: { [STREAM_BLOCKS]: 'stream' },
};

/** What TYPE answers. */
export function typeName(type: number): string {
  return nameIn(TYPE_NAMES, type);
}

/** The type of this name, whatever its case; -1 if there is none. */
export function typeNamed(name: string): number {
  const wanted = name.toLowerCase();
  return Number(Object.keys(TYPE_NAMES).find((type) => TYPE_NAMES[Number(type)] === wanted) ?? -1);
}

/** What OBJECT ENCODING answers. */
export function encodingName(type: number, encoding: number): string {
  return nameIn(ENCODING_NAMES[type] ?? {}, encoding);
}

function nameIn(names: Names, number: number): string {
  const name = names[number];
  if (name === undefined) throw new Error(`no name is known for ${number}`);
  return name;
}

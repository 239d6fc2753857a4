/**
 * The numbers of Redis's snapshot format, RDB. docs/rdb-format.md tells how a file is made of them.
 *
 *   file     | REDIS | version, 4 digits | records | EOF | checksum u64 |
 *   record   | opcode | what it says |     or     | type | key | value |
 *   payload  | type | value | version u16 | checksum u64 |                       of DUMP
 *
 *   length   | 00nnnnnn |                                     6 bits
 *            | 01nnnnnn | nnnnnnnn |                          14 bits, high ones first
 *            | 10000000 | u32, high byte first |
 *            | 10000001 | u64, high byte first |
 *   string   | length | bytes |
 *            | 11000000 | i8 |   | 11000001 | i16 |   | 11000010 | i32 |     a number's text
 *            | 11000011 | compressed length | length | LZF |
 *
 * Numbers are little-endian where nothing else is said.
 */

/** The versions that are written and read. */
export const VERSION = 11;
export const VERSION_READ_MAX = 12;

export const MAGIC = 'REDIS';
/** Bytes of a file before its first record. */
export const HEADER_BYTES = 9;
export const CHECKSUM_BYTES = 8;
/** From this version on, a file ends with a checksum. */
export const VERSION_WITH_CHECKSUM = 5;

// --- Types of values

export const RDB_STRING = 0;
export const RDB_LIST = 1;
export const RDB_SET = 2;
/** Scores as text. */
export const RDB_ZSET = 3;
export const RDB_HASH = 4;
/** Scores as doubles. */
export const RDB_ZSET_2 = 5;
const RDB_MODULE_1 = 6;
export const RDB_MODULE_2 = 7;
export const RDB_HASH_ZIPMAP = 9;
export const RDB_LIST_ZIPLIST = 10;
export const RDB_SET_INTSET = 11;
export const RDB_ZSET_ZIPLIST = 12;
export const RDB_HASH_ZIPLIST = 13;
/** Nodes that are ziplists. */
export const RDB_LIST_QUICKLIST = 14;
export const RDB_STREAM_1 = 15;
export const RDB_HASH_LISTPACK = 16;
export const RDB_ZSET_LISTPACK = 17;
/** Nodes that are listpacks or single elements. */
export const RDB_LIST_QUICKLIST_2 = 18;
/** With its first id, its greatest deleted one, and what was ever added and read. */
export const RDB_STREAM_2 = 19;
export const RDB_SET_LISTPACK = 20;
/** With the time at which each consumer was last given something. */
export const RDB_STREAM_3 = 21;
/** Hashes with fields that expire, as versions before a release wrote them, and as 7.4 does. */
export const RDB_HASH_EXPIRY_EARLY = 22;
export const RDB_HASH_LISTPACK_EXPIRY_EARLY = 23;
export const RDB_HASH_EXPIRY = 24;
export const RDB_HASH_LISTPACK_EXPIRY = 25;

/** Their names, as messages tell them. */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  [RDB_STRING]: 'string',
  [RDB_LIST]: 'list',
  [RDB_SET]: 'set',
  [RDB_ZSET]: 'sorted set with scores in text',
  [RDB_HASH]: 'hash',
  [RDB_ZSET_2]: 'sorted set',
  [RDB_MODULE_1]: 'value of a module, first form',
  [RDB_MODULE_2]: 'value of a module',
  [RDB_HASH_ZIPMAP]: 'hash in a zipmap',
  [RDB_LIST_ZIPLIST]: 'list in a ziplist',
  [RDB_SET_INTSET]: 'set in an intset',
  [RDB_ZSET_ZIPLIST]: 'sorted set in a ziplist',
  [RDB_HASH_ZIPLIST]: 'hash in a ziplist',
  [RDB_LIST_QUICKLIST]: 'list of ziplists',
  [RDB_STREAM_1]: 'stream, first form',
  [RDB_HASH_LISTPACK]: 'hash in a listpack',
  [RDB_ZSET_LISTPACK]: 'sorted set in a listpack',
  [RDB_LIST_QUICKLIST_2]: 'list of listpacks',
  [RDB_STREAM_2]: 'stream, second form',
  [RDB_SET_LISTPACK]: 'set in a listpack',
  [RDB_STREAM_3]: 'stream',
  [RDB_HASH_EXPIRY_EARLY]: 'hash with fields that expire, early form',
  [RDB_HASH_LISTPACK_EXPIRY_EARLY]: 'hash with fields that expire in a listpack, early form',
  [RDB_HASH_EXPIRY]: 'hash with fields that expire',
  [RDB_HASH_LISTPACK_EXPIRY]: 'hash with fields that expire in a listpack',
};

/** What values of an RDB type are called; undefined for a number that is no type. */
export function rdbTypeName(type: number): string | undefined {
  return TYPE_NAMES[type];
}

// --- Opcodes

/** How many keys a slot of a cluster has, and how many of them expire: three lengths. */
export const OP_SLOT_INFO = 244;
/** The code of a library of functions: a string. */
export const OP_FUNCTION = 245;
/** As a release candidate of 7.0 wrote it. */
export const OP_FUNCTION_EARLY = 246;
export const OP_MODULE_AUX = 247;
/** Seconds since the next key was used: a length. */
export const OP_IDLE = 248;
/** How often the next key was used: a byte. */
export const OP_FREQUENCY = 249;
/** A name and a value about the file itself: two strings. */
export const OP_AUX = 250;
/** How many keys the database has, and how many of them expire: two lengths. */
export const OP_RESIZE = 251;
/** When the next key falls due, in ms since the epoch: i64. */
export const OP_EXPIRY_MS = 252;
/** The same in seconds: i32. */
export const OP_EXPIRY_SECONDS = 253;
/** The number of the database that the next keys are in: a length. */
export const OP_DATABASE = 254;
export const OP_EOF = 255;

// --- Lengths and strings

/** The two high bits of a length's first byte. */
export const LENGTH_14 = 0x40;
export const LENGTH_ENCODED = 0xc0;
export const LENGTH_MASK = 0xc0;
export const LENGTH_32 = 0x80;
export const LENGTH_64 = 0x81;

/** The other six, where a string is encoded. */
export const ENCODED_INT8 = 0;
export const ENCODED_INT16 = 1;
export const ENCODED_INT32 = 2;
export const ENCODED_LZF = 3;

/** Strings up to here are not worth compressing. */
export const COMPRESSED_MIN = 21;
/** What compressing must save. */
export const COMPRESSED_SAVING_MIN = 4;

/** What a node of a list is. */
export const NODE_PLAIN = 1;
export const NODE_PACKED = 2;

/** In place of the number of characters of a score in text. */
export const SCORE_NAN = 253;
export const SCORE_POSITIVE_INFINITY = 254;
export const SCORE_NEGATIVE_INFINITY = 255;

/** Parts of what a module wrote. */
export const MODULE_END = 0;
export const MODULE_SIGNED = 1;
export const MODULE_UNSIGNED = 2;
export const MODULE_FLOAT = 3;
export const MODULE_DOUBLE = 4;
export const MODULE_STRING = 5;

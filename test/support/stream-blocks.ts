/** The blocks of a stream as bytes: as they lie in the arena, and as a real server dumps them. */
import { TYPE_STREAM } from '../../src/keyspace/entry.ts';
import { Args } from '../../src/protocol/args.ts';
import { StreamCursor } from '../../src/structures/stream-cursor.ts';
import { StreamId } from '../../src/structures/stream-id.ts';
import type { TestEngine } from './engine.ts';

/** RDB types of streams whose blocks are listpacks. */
const STREAM_TYPES = [15, 19, 21];

/** Each block of a stream as `id: listpack in hexadecimal`; none when there is no such stream. */
export function storedBlocks(engine: TestEngine, key: string): string[] {
  const { entries, streams } = engine.keyspace;
  const database = engine.keyspace.databases[0]!;
  const entry = database.find(Args.of(Buffer.from(key)), 0);
  if (entry === 0 || entries.type(entry) !== TYPE_STREAM) return [];
  const root = entries.view(entry).getUint32(entries.valueStart(entry), true);
  const cursor = new StreamCursor(streams.log.tree);
  const blocks: string[] = [];
  for (let more = streams.log.tree.first(root as never, cursor.block); more; ) {
    cursor.openBlock();
    const { bytes, view, start } = cursor.entry;
    const total = view.getUint32(start, true);
    const id = new StreamId();
    cursor.block.readId(id);
    blocks.push(`${id}: ${bytes.toString('hex', start, start + total)}`);
    more = cursor.block.next();
  }
  return blocks;
}

/** The same of what DUMP answers for a stream, without compression. */
export function dumpedBlocks(dump: Buffer): string[] {
  if (!STREAM_TYPES.includes(dump[0]!)) throw new Error(`type ${dump[0]} is no stream`);
  const reader = new Reader(dump, 1);
  const blocks: string[] = [];
  for (let left = reader.length(); left > 0; left--) {
    const key = reader.string();
    const listpack = reader.string();
    const id = `${key.readBigUInt64BE(0)}-${key.readBigUInt64BE(8)}`;
    blocks.push(`${id}: ${listpack.toString('hex')}`);
  }
  return blocks;
}

/** Reads lengths and plain strings of the RDB format. */
class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  length(): number {
    const first = this.#bytes[this.#at++]!;
    if (first < 0x40) return first;
    if (first < 0x80) return ((first & 63) << 8) | this.#bytes[this.#at++]!;
    if (first !== 0x80) throw new Error(`no plain length begins with ${first}`);
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }

  string(): Buffer {
    const length = this.length();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

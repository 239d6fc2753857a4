/**
 * A stream of a snapshot as the commands that make it:
 *
 *   XADD key id field value ...                                         of each entry
 *   XGROUP CREATE key x 0-0 MKSTREAM, XGROUP DESTROY key x              where there is none
 *   XSETID key id ENTRIESADDED n MAXDELETEDID id
 *   XGROUP CREATE key group id ENTRIESREAD n                            of each group
 *   XCLAIM key group consumer 0 id TIME ms RETRYCOUNT n JUSTID FORCE    of each pending entry
 *   XGROUP CREATECONSUMER key group consumer                            who has none
 *
 * Redis makes an empty stream by an entry that it does not keep, which stays the greatest that was
 * deleted. When consumers were seen, and pending entries that are deleted, no command can tell.
 */
import { ListpackCursor } from '../structures/listpack-cursor.ts';
import { BlockCursor } from '../structures/stream-block-cursor.ts';
import { ID_BYTES, ID_TEXT_MAX, StreamId } from '../structures/stream-id.ts';
import type { CommandValue } from './command-value.ts';
import type { Steps } from './steps.ts';

/** Of a pending entry: its id, when it was delivered, and how often. */
const PENDING_BYTES = ID_BYTES + 16;
const FIRST_PENDING = 64;

/** See the file's comment. */
export class StreamCommands {
  readonly #value: CommandValue;
  readonly #block = new BlockCursor();
  readonly #element = new ListpackCursor();
  readonly #id = new StreamId();
  readonly #text = Buffer.alloc(ID_TEXT_MAX);
  /** The pending entries of a group, in the order of their ids: consumers only name them. */
  #pending: Buffer = Buffer.alloc(PENDING_BYTES * FIRST_PENDING);
  #pendingCount = 0;
  #name: Buffer = Buffer.alloc(0);

  constructor(value: CommandValue) {
    this.#value = value;
  }

  /** Bytes of memory that it takes. */
  get usedBytes(): number {
    return this.#pending.length;
  }

  /** Writes the stream that follows. */
  *write(): Steps {
    const { input } = this.#value;
    while (!input.tryLength()) yield;
    for (let blocks = input.value; blocks > 0; blocks--) {
      while (!input.tryText()) yield;
      this.#readKey(input.textBytes, input.textStart);
      while (!input.tryText()) yield;
      this.#entries(input.textBytes, input.view, input.textStart);
    }
    yield* this.#position();
    while (!input.tryLength()) yield;
    for (let groups = input.value; groups > 0; groups--) yield* this.#group();
    if (this.#pending.length > PENDING_BYTES * FIRST_PENDING) {
      this.#pending = Buffer.alloc(PENDING_BYTES * FIRST_PENDING);
    }
  }

  #readKey(bytes: Buffer, at: number): void {
    this.#block.key.set(
      bytes.readInt32BE(at),
      bytes.readInt32BE(at + 4),
      bytes.readInt32BE(at + 8),
      bytes.readInt32BE(at + 12),
    );
  }

  #entries(bytes: Buffer, view: DataView, start: number): void {
    const block = this.#block;
    block.open(bytes, view, start);
    for (let more = block.first(); more; more = block.next()) {
      if (block.isDeleted) continue;
      this.#value.command(3 + 2 * block.fields, 'XADD');
      this.#idWord(block.id);
      for (let i = 0; i < block.fields; i++) {
        block.readField();
        this.#elementWord(bytes, view, block.field);
        this.#elementWord(bytes, view, block.value);
      }
    }
  }

  #elementWord(bytes: Buffer, view: DataView, at: number): void {
    const element = this.#element;
    element.seek(bytes, view, 0, at);
    element.spell();
    this.#value.out.word(element.textBytes(bytes), element.textStart, element.textLength);
  }

  /** How many entries there are, and what the stream knows of those that were. */
  *#position(): Steps {
    const value = this.#value;
    const { input, out } = value;
    while (!input.tryLength()) yield;
    if (input.value === 0) this.#makeEmpty();
    yield* this.#readId();
    value.command(7, 'XSETID');
    this.#idWord(this.#id);
    // The id of the first entry follows from the entries.
    yield* this.#readId();
    yield* this.#readId();
    let added = input.tryUnsigned();
    for (; added === undefined; added = input.tryUnsigned()) yield;
    out.text('ENTRIESADDED');
    out.text(String(added));
    out.text('MAXDELETEDID');
    this.#idWord(this.#id);
  }

  #makeEmpty(): void {
    const { out } = this.#value;
    out.command(6, 'XGROUP');
    out.text('CREATE');
    this.#value.key();
    out.text('x');
    out.text('0-0');
    out.text('MKSTREAM');
    out.command(4, 'XGROUP');
    out.text('DESTROY');
    this.#value.key();
    out.text('x');
  }

  *#group(): Steps {
    const value = this.#value;
    const { input, out } = value;
    while (!input.tryText()) yield;
    const { textBytes, textStart, textLength } = input;
    this.#name = Buffer.from(textBytes.subarray(textStart, textStart + textLength));
    yield* this.#readId();
    let read = input.tryUnsigned();
    for (; read === undefined; read = input.tryUnsigned()) yield;
    out.command(7, 'XGROUP');
    out.text('CREATE');
    value.key();
    out.word(this.#name, 0, this.#name.length);
    this.#idWord(this.#id);
    out.text('ENTRIESREAD');
    // -1 where nobody knows is written as if it had no sign.
    out.text(String(BigInt.asIntN(64, read)));
    yield* this.#readPending();
    while (!input.tryLength()) yield;
    for (let consumers = input.value; consumers > 0; consumers--) yield* this.#consumer();
  }

  *#readPending(): Steps {
    const { input } = this.#value;
    while (!input.tryLength()) yield;
    const count = input.value;
    if (count * PENDING_BYTES > this.#pending.length) {
      this.#pending = Buffer.alloc(count * PENDING_BYTES);
    }
    this.#pendingCount = count;
    const pending = this.#pending;
    for (let i = 0; i < count; i++) {
      const at = i * PENDING_BYTES;
      while (input.available < ID_BYTES + 8) yield;
      input.bytes.copy(pending, at, input.at, input.at + ID_BYTES + 8);
      input.at += ID_BYTES + 8;
      let deliveries = input.tryUnsigned();
      for (; deliveries === undefined; deliveries = input.tryUnsigned()) yield;
      pending.writeBigUInt64LE(deliveries, at + ID_BYTES + 8);
    }
  }

  *#consumer(): Steps {
    const value = this.#value;
    const { input, out } = value;
    while (!input.tryText()) yield;
    const { textBytes, textStart, textLength } = input;
    const name = Buffer.from(textBytes.subarray(textStart, textStart + textLength));
    while (input.available < 16) yield;
    input.at += 16;
    while (!input.tryLength()) yield;
    const count = input.value;
    if (count === 0) {
      out.command(5, 'XGROUP');
      out.text('CREATECONSUMER');
      value.key();
      out.word(this.#name, 0, this.#name.length);
      out.word(name, 0, name.length);
    }
    for (let i = 0; i < count; i++) {
      while (input.available < ID_BYTES) yield;
      this.#claim(name, this.#findPending(input.bytes, input.at));
      input.at += ID_BYTES;
    }
  }

  #claim(consumer: Buffer, at: number): void {
    const { out } = this.#value;
    const pending = this.#pending;
    this.#value.command(12, 'XCLAIM');
    out.word(this.#name, 0, this.#name.length);
    out.word(consumer, 0, consumer.length);
    out.text('0');
    const id = this.#id;
    id.set(
      pending.readInt32BE(at),
      pending.readInt32BE(at + 4),
      pending.readInt32BE(at + 8),
      pending.readInt32BE(at + 12),
    );
    this.#idWord(id);
    out.text('TIME');
    out.text(String(pending.readBigInt64LE(at + ID_BYTES)));
    out.text('RETRYCOUNT');
    out.text(String(pending.readBigUInt64LE(at + ID_BYTES + 8)));
    out.text('JUSTID');
    out.text('FORCE');
  }

  /** Where what is known of a pending entry is, by its id. */
  #findPending(bytes: Buffer, at: number): number {
    const pending = this.#pending;
    let first = 0;
    let behind = this.#pendingCount;
    while (first < behind) {
      const middle = (first + behind) >>> 1;
      const own = middle * PENDING_BYTES;
      const order = pending.compare(bytes, at, at + ID_BYTES, own, own + ID_BYTES);
      if (order === 0) return own;
      if (order < 0) first = middle + 1;
      else behind = middle;
    }
    throw new Error('a consumer has an entry that its group does not know');
  }

  /** Reads an id that is told as two lengths. */
  *#readId(): Steps {
    const { input } = this.#value;
    let ms = input.tryUnsigned();
    for (; ms === undefined; ms = input.tryUnsigned()) yield;
    let sequence = input.tryUnsigned();
    for (; sequence === undefined; sequence = input.tryUnsigned()) yield;
    this.#id.set(high(ms), low(ms), high(sequence), low(sequence));
  }

  #idWord(id: StreamId): void {
    this.#value.out.word(this.#text, 0, id.writeText(this.#text, 0));
  }
}

function high(value: bigint): number {
  return Number(value >> 32n) | 0;
}

function low(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

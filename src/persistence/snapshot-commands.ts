/**
 * A snapshot as the commands that make it: takes the bytes of one as they are written, and passes
 * on the commands. So the same walk serves both forms of an append-only file's base.
 *
 *   | SELECT | SET key value | PEXPIREAT key ms | RPUSH key 64 items | RPUSH key the rest | ...
 *
 * What is longer than a chunk passes in pieces; memory holds one packed value or one member at
 * most.
 */

import { CollectionCommands } from './collection-commands.ts';
import { CommandOutput } from './command-output.ts';
import { CommandValue } from './command-value.ts';
import {
  HEADER_BYTES,
  OP_AUX,
  OP_DATABASE,
  OP_EOF,
  OP_EXPIRY_MS,
  OP_FREQUENCY,
  OP_FUNCTION,
  OP_IDLE,
  OP_RESIZE,
  RDB_STREAM_3,
  RDB_STRING,
} from './rdb-format.ts';
import { RdbStream } from './rdb-stream.ts';
import type { ByteSink } from './rdb-writer.ts';
import type { Steps } from './steps.ts';
import { StreamCommands } from './stream-commands.ts';

/** How commands are written in place of a snapshot. */
export interface CommandWriting {
  /** The time to note at the beginning, in seconds since 1970; null is none. */
  readonly second: number | null;
}

/** Chunks of what is translated: one takes a small part of a slice. */
const CHUNK_BYTES = 8 * 1024;

/** See the file's comment. What it takes must be uncompressed, and of version 11. */
export class SnapshotCommands implements ByteSink {
  readonly #in = new RdbStream();
  readonly #out: CommandOutput;
  readonly #value: CommandValue;
  readonly #collections: CollectionCommands;
  readonly #streams: StreamCommands;
  readonly #steps: Steps;

  /** Commands go to `sink`, in chunks of which this is the first. */
  constructor(sink: ByteSink, chunk: Buffer, { second }: CommandWriting) {
    this.#out = new CommandOutput(sink, chunk);
    this.#value = new CommandValue(this.#in, this.#out);
    this.#collections = new CollectionCommands(this.#value);
    this.#streams = new StreamCommands(this.#value);
    if (second !== null) {
      const note = Buffer.from(`#TS:${second}\r\n`);
      this.#out.raw(note, 0, note.length);
    }
    this.#steps = this.#translate();
  }

  /** One before a sink that begins with this chunk, and the chunk that it begins with itself. */
  static before(sink: ByteSink, chunk: Buffer, writing: CommandWriting) {
    const commands = new SnapshotCommands(sink, chunk, writing);
    return { sink: commands, chunk: Buffer.allocUnsafeSlow(CHUNK_BYTES) };
  }

  /** Bytes of memory that it takes. */
  get usedBytes(): number {
    return CHUNK_BYTES + this.#in.usedBytes + this.#streams.usedBytes;
  }

  /** All that is complete has gone to the sink when this returns, and at the end everything. */
  take(chunk: Buffer, length: number): Buffer {
    this.#in.push(chunk, length);
    this.#steps.next();
    return chunk;
  }

  *#translate(): Steps {
    const input = this.#in;
    const out = this.#out;
    while (input.available < HEADER_BYTES) yield;
    input.at += HEADER_BYTES;
    let expiryMs: bigint | null = null;
    for (;;) {
      while (input.available === 0) yield;
      const code = input.byte();
      switch (code) {
        case OP_AUX:
          while (!input.tryText()) yield;
          while (!input.tryText()) yield;
          break;
        case OP_FUNCTION:
          while (!input.tryText()) yield;
          out.command(3, 'FUNCTION');
          out.text('LOAD');
          out.word(input.textBytes, input.textStart, input.textLength);
          break;
        case OP_DATABASE:
          while (!input.tryLength()) yield;
          out.command(2, 'SELECT');
          out.text(String(input.value));
          break;
        case OP_RESIZE:
          while (!input.tryLength()) yield;
          while (!input.tryLength()) yield;
          break;
        case OP_IDLE:
          while (!input.tryLength()) yield;
          break;
        case OP_FREQUENCY:
          while (input.available === 0) yield;
          input.byte();
          break;
        case OP_EXPIRY_MS:
          while (input.available < 8) yield;
          expiryMs = input.int64();
          break;
        case OP_EOF:
          out.flush();
          return;
        default:
          yield* this.#key(code, expiryMs);
          expiryMs = null;
      }
    }
  }

  *#key(type: number, expiryMs: bigint | null): Steps {
    const value = this.#value;
    const input = this.#in;
    while (!input.tryText()) yield;
    value.keepKey();
    if (type === RDB_STRING) {
      value.command(3, 'SET');
      if (!value.tryPass()) yield* value.pass();
    } else if (type === RDB_STREAM_3) {
      yield* this.#streams.write();
    } else {
      yield* this.#collections.write(type);
    }
    if (expiryMs === null) return;
    value.command(3, 'PEXPIREAT');
    this.#out.text(String(expiryMs));
  }
}

/**
 * Libraries of functions as bytes, as FUNCTION DUMP gives them: each as a snapshot holds it, then
 * the version of the format and a checksum.
 */
import { CommandError } from '../commands/errors.ts';
import { Crc64 } from '../persistence/crc64.ts';
import { RdbError } from '../persistence/rdb-error.ts';
import { CHECKSUM_BYTES, OP_FUNCTION, VERSION_READ_MAX } from '../persistence/rdb-format.ts';
import { RdbReader } from '../persistence/rdb-reader.ts';
import { RdbWriter, type RdbWriting } from '../persistence/rdb-writer.ts';

const VERSION_BYTES = 2;
const FOOTER_BYTES = VERSION_BYTES + CHECKSUM_BYTES;
const CHUNK_BYTES = 64 * 1024;

const NOT_INTACT = new CommandError('ERR DUMP payload version or checksum are wrong');
const NO_LIBRARIES = new CommandError('ERR given type is not a function');
const MALFORMED = new CommandError('ERR failed loading functions from payload');

/** The bytes for libraries of this code, in the version that snapshots are written in. */
export function dumpLibraries(codes: readonly Buffer[], writing: RdbWriting): Buffer {
  const parts: Buffer[] = [];
  const sink = {
    take(chunk: Buffer, length: number): Buffer {
      parts.push(Buffer.from(chunk.subarray(0, length)));
      return chunk;
    },
  };
  const writer = new RdbWriter(sink, Buffer.allocUnsafeSlow(CHUNK_BYTES), writing);
  for (const code of codes) {
    writer.byte(OP_FUNCTION);
    writer.string(code, viewOf(code), 0, code.length);
  }
  writer.uint16(writing.version);
  writer.flush();
  const bytes = Buffer.concat([...parts, Buffer.alloc(CHECKSUM_BYTES)]);
  const crc = new Crc64();
  const end = bytes.length - CHECKSUM_BYTES;
  crc.update(bytes, viewOf(bytes), 0, end);
  crc.write(viewOf(bytes), end);
  return bytes;
}

/** The code of each library. Throws CommandError. */
export function readLibraries(payload: Buffer): Buffer[] {
  const view = viewOf(payload);
  const end = payload.length - CHECKSUM_BYTES;
  if (payload.length < FOOTER_BYTES) throw NOT_INTACT;
  if (view.getUint16(end - VERSION_BYTES, true) > VERSION_READ_MAX) throw NOT_INTACT;
  const crc = new Crc64();
  crc.update(payload, view, 0, end);
  if (!crc.matches(view, end)) throw NOT_INTACT;
  const codes: Buffer[] = [];
  const reader = RdbReader.ofBytes(payload, 0, payload.length - FOOTER_BYTES);
  try {
    while (reader.left > 0) {
      if (reader.byte() !== OP_FUNCTION) throw NO_LIBRARIES;
      reader.string();
      const { textBytes, textStart, textLength } = reader;
      codes.push(Buffer.from(textBytes.subarray(textStart, textStart + textLength)));
    }
  } catch (problem) {
    if (problem instanceof RdbError) throw MALFORMED;
    throw problem;
  }
  return codes;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const CHUNK_BYTES = 1024 * 1024;
/** Mappings that a process can read: `start-end r...`. */
const READABLE = /^([0-9a-f]+)-([0-9a-f]+) r/;

/**
 * How often some bytes occur in the memory of another process, which must be a child of this one;
 * undefined where the system has no way to tell, or does not let us.
 */
export function countInMemory(pid: number, wanted: Buffer): number | undefined {
  let memory: number;
  let mappings: string;
  try {
    memory = openSync(`/proc/${pid}/mem`, 'r');
    mappings = readFileSync(`/proc/${pid}/maps`, 'latin1');
  } catch (problem) {
    const { code } = problem as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw problem;
  }
  try {
    let found = 0;
    for (const mapping of mappings.split('\n')) {
      const match = READABLE.exec(mapping);
      if (match === null) continue;
      const [start, end] = [BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`)];
      // Above are the kernel's own pages, at addresses that no file position can name.
      if (end < 2n ** 63n) found += countInRange(memory, start, end, wanted);
    }
    return found;
  } finally {
    closeSync(memory);
  }
}

function countInRange(memory: number, start: bigint, end: bigint, wanted: Buffer): number {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  // What an occurrence on a border would need of the chunk before.
  const overlap = BigInt(wanted.length - 1);
  let found = 0;
  for (let at = start; at < end; at += BigInt(CHUNK_BYTES) - overlap) {
    const length = Number(end - at < CHUNK_BYTES ? end - at : BigInt(CHUNK_BYTES));
    let read: number;
    try {
      read = readSync(memory, chunk, 0, length, at);
    } catch (problem) {
      // Some mappings of the kernel's own are listed as readable and are not.
      if ((problem as NodeJS.ErrnoException).code === 'EIO') return found;
      throw problem;
    }
    const bytes = chunk.subarray(0, read);
    for (let hit = bytes.indexOf(wanted); hit >= 0; hit = bytes.indexOf(wanted, hit + 1)) found++;
  }
  return found;
}

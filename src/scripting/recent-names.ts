/**
 * What was asked for last, by its name: looked up by the bytes of an argument, without a string. It
 * is a cache in front of a Map; names that meet in one place drive each other out.
 */
import { equalBytes } from '../memory/bytes.ts';
import type { Args } from '../protocol/args.ts';

const PLACES = 64;
/** Longer names are not worth comparing. */
const NAME_BYTES_MAX = 16 * 1024;

interface Entry<T> {
  readonly name: Buffer;
  readonly view: DataView;
  readonly value: T;
}

/** See the file's comment. */
export class RecentNames<T> {
  readonly #entries: (Entry<T> | null)[] = new Array(PLACES).fill(null);

  /** What argument `i` names exactly, if that is known here. */
  find(args: Args, i: number): T | undefined {
    const { bytes } = args;
    const start = args.start(i);
    const length = args.length(i);
    const entry = this.#entries[placeOf(bytes, start, length)]!;
    if (entry === null || entry.name.length !== length) return undefined;
    if (!equalBytes(bytes, args.view, start, entry.name, entry.view, 0, length)) return undefined;
    return entry.value;
  }

  /** `name` is kept as it is. */
  remember(name: Buffer, value: T): void {
    if (name.length > NAME_BYTES_MAX) return;
    const view = new DataView(name.buffer, name.byteOffset, name.length);
    this.#entries[placeOf(name, 0, name.length)] = { name, view, value };
  }

  clear(): void {
    this.#entries.fill(null);
  }
}

/** Mixes the length, the ends and the middle. */
function placeOf(bytes: Buffer, start: number, length: number): number {
  if (length === 0) return 0;
  let hash = length;
  hash = Math.imul(hash, 31) + bytes[start]!;
  hash = Math.imul(hash, 31) + bytes[start + (length >>> 1)]!;
  hash = Math.imul(hash, 31) + bytes[start + length - 1]!;
  hash = Math.imul(hash, 0x9e3779b1);
  return (hash ^ (hash >>> 15)) & (PLACES - 1);
}

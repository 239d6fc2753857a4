/**
 * What is rehearsed: batches of commands as clients send them, with what serving the first heavy
 * load takes: short and deep pipelines, small and large values, keys that are there and keys that
 * are not, every type. Always the same, so that every server is equally warm.
 */

/** Commands that are sent in one piece. */
export interface Batch {
  readonly bytes: Buffer;
  readonly commands: number;
}

const COMMANDS = 5000;
/** Deepest pipeline; while code is cold so much of it takes milliseconds, so that depth grows. */
const DEPTH_MAX = 64;
const COMMANDS_PER_DEPTH = 16;
const DEPTHS: readonly number[] = [1, 1, 2, 4, 16, 16, DEPTH_MAX, DEPTH_MAX];

/** Values have up to half as many bytes as these can tell: no more than a slab page takes. */
const LARGE_BITS = 14;
const SMALL_BYTES_MAX = 80;
const KEYS = 2000;
const COLLECTIONS = 20;
const MEMBERS = 200;

const PADDING = 'v'.repeat(2 ** (LARGE_BITS - 1));

/** See the file's comment. */
export function* script(): Generator<Batch> {
  const random = new Dice();
  for (let sent = 0; sent < COMMANDS; ) {
    const ramp = 1 + Math.floor(sent / COMMANDS_PER_DEPTH);
    const depth = Math.min(DEPTHS[random.below(DEPTHS.length)]!, ramp);
    yield batchOf(Array.from({ length: depth }, () => nextCommand(random)));
    sent += depth;
  }
}

/** More of what is most used. */
function nextCommand(random: Dice): readonly string[] {
  const key = random.key(KEYS);
  switch (random.below(16)) {
    case 0:
      return ['PING'];
    case 1:
      return ['INCR', `counter:${random.below(COLLECTIONS)}`];
    case 2:
      return ['SET', key, random.value(), 'EX', '100'];
    case 3:
      return ['DEL', key];
    case 4:
      return ['EXPIRE', key, '1'];
    case 5:
      return ['HSET', random.collection('hash'), random.member(), 'value'];
    case 6:
      return ['LPUSH', random.collection('list'), random.member()];
    case 7:
      return ['ZADD', random.collection('zset'), String(random.below(MEMBERS)), random.member()];
    case 8:
      return ['SADD', random.collection('set'), random.member()];
    case 9:
    case 10:
    case 11:
      return ['GET', key];
    default:
      return ['SET', key, random.value()];
  }
}

function batchOf(commands: readonly (readonly string[])[]): Batch {
  const text = commands.map(
    (words) =>
      `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`,
  );
  return { bytes: Buffer.from(text.join(''), 'latin1'), commands: commands.length };
}

/** Falls the same way in every rehearsal. */
class Dice {
  #state = 1;

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  key(count: number): string {
    return `key:${String(this.below(count)).padStart(12, '0')}`;
  }

  collection(type: string): string {
    return `${type}:${this.below(COLLECTIONS)}`;
  }

  member(): string {
    return `member:${this.below(MEMBERS)}`;
  }

  /** Mostly small; of the others, all powers of two alike. */
  value(): string {
    const isSmall = this.below(8) > 0;
    const length = isSmall ? this.below(SMALL_BYTES_MAX) : 2 ** this.below(LARGE_BITS);
    return PADDING.slice(0, length);
  }
}

/**
 * What the clients of a crash test do: steps over keys of their own, of every type, as commands
 * whose effect depends on nothing but what the keys held before. A step is a transaction, a script
 * or one command: of each there is afterwards all or nothing.
 */
import type { SeededRandom } from '../support/seeded-random.ts';

/** Something that is done as a whole. */
export interface Step {
  /** Commands that are sent, one behind the other; each is answered. */
  readonly lines: readonly (readonly string[])[];
  /** For a transaction what its client has counted up to in it, for others 0. */
  readonly count: number;
  /** When the last answer came, in the time of `performance`; infinite while it has not. */
  answeredMs: number;
}

/** The year 2100, in milliseconds. */
const FAR_MS = 4_102_444_800_000;
const LARGE_BYTES = 300_000;
const MEMBERS = ['a', 'b', 'c', 'd', 'e', '1', '2', '3', '-7', '12345678901', 'a longer member'];

/** Steps of one client, whose keys begin with its name and a colon. */
export class StepSource {
  readonly #name: string;
  readonly #random: SeededRandom;
  /** What keeps ids of streams and texts apart. */
  #serial = 0;

  constructor(name: string, random: SeededRandom) {
    this.#name = name;
    this.#random = random;
  }

  /** A step; `count` is what the next transaction would count up to. */
  next(count: number): Step {
    const choice = this.#random.fraction();
    if (choice < 0.4) return this.#transaction(count);
    if (choice < 0.45) return stepOf([this.#script()]);
    return stepOf([this.#command()]);
  }

  #transaction(count: number): Step {
    const lines = [['MULTI'], ['INCR', `${this.#name}:count`]];
    for (let left = this.#random.integer(1, 6); left > 0; left--) lines.push(this.#command());
    if (this.#random.fraction() < 0.1) {
      lines.push(['SELECT', '1'], this.#command(), ['SELECT', '0']);
    }
    return stepOf([...lines, ['EXEC']], count);
  }

  #script(): string[] {
    const { key, text } = this.#words();
    const code =
      "redis.call('SET',KEYS[1],ARGV[1]) redis.call('RPUSH',KEYS[2],ARGV[1]) " +
      "redis.call('HSET',KEYS[3],ARGV[1],ARGV[1]) return redis.call('INCR',KEYS[4])";
    return ['EVAL', code, '4', key('str'), key('list'), key('hash'), key('num'), text()];
  }

  #command(): string[] {
    const families = [
      () => this.#strings(),
      () => this.#lists(),
      () => this.#hashes(),
      () => this.#sets(),
      () => this.#sortedSets(),
      () => this.#streams(),
      () => this.#keys(),
    ];
    return this.#random.pick(this.#random.pick(families)());
  }

  /** What the commands are put together from. */
  #words() {
    const random = this.#random;
    const number = (low: number, high: number) => String(random.integer(low, high));
    return {
      key: (name: string) => `${this.#name}:${name}`,
      number,
      text: () => `${++this.#serial} ${random.text('abc \r\n\0\xff*$', 0, 30)}`,
      member: () => random.pick(MEMBERS),
      far: () => String(FAR_MS + random.integer(0, 1e6)),
    };
  }

  #strings(): string[][] {
    const { key, number, text, far } = this.#words();
    const isLarge = this.#random.fraction() < 0.03;
    return [
      ['SET', key('str'), isLarge ? 'x'.repeat(LARGE_BYTES) : text()],
      ['SET', key('str'), text(), 'PXAT', far()],
      ['SET', key('short'), text(), 'PX', number(1, 60)],
      ['APPEND', key('log'), number(0, 9)],
      ['SETRANGE', key('range'), number(0, 200), number(0, 999)],
      ['SETBIT', key('bits'), number(0, 5000), number(0, 1)],
      ['BITFIELD', key('bits'), 'INCRBY', 'u8', number(0, 300), '3'],
      ['INCRBY', key('num'), number(-9, 9)],
      ['INCRBYFLOAT', key('float'), '0.3'],
      ['MSET', key('m1'), text(), key('m2'), text()],
      ['GETSET', key('m1'), text()],
      ['GETDEL', key('m2')],
      ['GETEX', key('str'), 'PXAT', far()],
      ['PFADD', key('hll'), number(0, 5000), number(0, 5000)],
      ['PFMERGE', key('hll2'), key('hll')],
    ];
  }

  #lists(): string[][] {
    const { key, number, text, member } = this.#words();
    return [
      ['RPUSH', key('list'), text(), member()],
      ['LPUSH', key('list'), member()],
      ['RPUSH', key('list2'), ...Array.from({ length: 40 }, text)],
      ['LTRIM', key('list'), '-60', '-1'],
      ['LTRIM', key('list2'), '-400', '-1'],
      ['LSET', key('list'), '0', text()],
      ['LREM', key('list'), '1', member()],
      ['LINSERT', key('list'), 'BEFORE', member(), text()],
      ['LMOVE', key('list'), key('list2'), 'LEFT', 'RIGHT'],
      ['LMPOP', '2', key('none'), key('list'), 'LEFT', 'COUNT', number(1, 3)],
      ['BLPOP', key('list'), '0.001'],
      ['SORT', key('list2'), 'ALPHA', 'LIMIT', '0', '20', 'STORE', key('sorted')],
    ];
  }

  #hashes(): string[][] {
    const { key, number, text, member } = this.#words();
    return [
      ['HSET', key('hash'), member(), text(), number(0, 200), text()],
      ['HDEL', key('hash'), number(0, 200), member()],
      ['HINCRBY', key('counts'), member(), number(-5, 5)],
      ['HINCRBYFLOAT', key('floats'), member(), '1.7'],
      ['HSETNX', key('hash'), member(), text()],
    ];
  }

  #sets(): string[][] {
    const { key, number, member } = this.#words();
    return [
      ['SADD', key('set'), member(), number(0, 300)],
      ['SADD', key('ints'), number(-1e9, 1e9), number(0, 9)],
      ['SREM', key('set'), member(), number(0, 300)],
      ['SMOVE', key('set'), key('ints'), number(0, 300)],
      ['SUNIONSTORE', key('union'), key('set'), key('ints')],
      ['SDIFFSTORE', key('union'), key('union'), key('set')],
      // All of it: which single members it would take is up to the server.
      ['SPOP', key('union'), '1000000'],
    ];
  }

  #sortedSets(): string[][] {
    const { key, number, member } = this.#words();
    return [
      ['ZADD', key('zset'), number(-99, 99), member(), '1.5', number(0, 300)],
      ['ZINCRBY', key('zset'), '0.1', member()],
      ['ZREM', key('zset'), member(), number(0, 300)],
      ['ZPOPMIN', key('zset')],
      ['ZMPOP', '1', key('zset'), 'MAX', 'COUNT', '2'],
      ['ZREMRANGEBYRANK', key('zset'), '150', '-1'],
      ['ZRANGESTORE', key('zset2'), key('zset'), '0', '9'],
      ['ZUNIONSTORE', key('zset2'), '2', key('zset'), key('set')],
      ['GEOADD', key('geo'), '2.35', '48.85', member(), '13.4', '52.5', number(0, 9)],
    ];
  }

  #streams(): string[][] {
    const { key, number, text } = this.#words();
    const id = `${++this.#serial}-1`;
    const reader = ['GROUP', 'group', number(1, 3)];
    return [
      ['XADD', key('stream'), id, 'field', text(), 'other', number(0, 9)],
      ['XADD', key('stream'), 'MAXLEN', '300', id, 'field', text()],
      ['XTRIM', key('stream'), 'MAXLEN', '~', '200'],
      ['XDEL', key('stream'), `${this.#serial - this.#random.integer(1, 20)}-1`],
      ['XGROUP', 'CREATE', key('stream'), 'group', '0', 'MKSTREAM'],
      ['XGROUP', 'CREATECONSUMER', key('stream'), 'group', number(1, 3)],
      ['XREADGROUP', ...reader, 'COUNT', number(1, 9), 'STREAMS', key('stream'), '>'],
      ['XREADGROUP', ...reader, 'NOACK', 'COUNT', '2', 'STREAMS', key('stream'), '>'],
      ['XACK', key('stream'), 'group', `${this.#serial - this.#random.integer(1, 20)}-1`],
      ['XAUTOCLAIM', key('stream'), 'group', number(1, 3), '0', '0', 'COUNT', '3'],
      ['XSETID', key('stream'), id],
    ];
  }

  #keys(): string[][] {
    const { key, far, text, number } = this.#words();
    const any = () =>
      key(this.#random.pick(['str', 'list2', 'hash', 'set', 'ints', 'zset', 'stream', 'bits']));
    return [
      ['DEL', any()],
      ['UNLINK', any(), any()],
      ['PEXPIREAT', any(), far()],
      ['PERSIST', any()],
      ['EXPIRE', any(), '-1'],
      ['COPY', any(), key('copy'), 'REPLACE'],
      ['COPY', any(), key('copy'), 'DB', '1', 'REPLACE'],
      ['RENAME', key('copy'), key('renamed')],
      ['MOVE', key('renamed'), '1'],
      ['FUNCTION', 'LOAD', 'REPLACE', this.#library(text())],
      ['FCALL', `${this.#name}_set`, '1', key('called'), number(0, 999)],
    ];
  }

  #library(note: string): string {
    const name = this.#name;
    const words = note.replace(/[^a-z0-9 ]/g, '');
    return (
      `#!lua name=${name}\n-- ${words}\n` +
      `redis.register_function('${name}_set', function(keys, args) ` +
      "return redis.call('SET', keys[1], args[1]) end)"
    );
  }
}

function stepOf(lines: readonly (readonly string[])[], count = 0): Step {
  return { lines, count, answeredMs: Number.POSITIVE_INFINITY };
}

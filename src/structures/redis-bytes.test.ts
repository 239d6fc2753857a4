// The bytes of listpacks and intsets as a redis-server dumps them (DUMP without type, length and
// footer), recorded here, and asked for again where there is a redis-server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { int64Of } from '../../test/support/intset-model.ts';
import { rangeOf } from '../../test/support/listpack-format.ts';
import { RespClient } from '../../test/support/resp-client.ts';
import { type RunningServer, redisAvailable, startRedis } from '../../test/support/server.ts';
import * as intset from './intset.ts';
import * as listpack from './listpack.ts';
import { isValidListpack } from './listpack-validate.ts';

interface Recording {
  readonly name: string;
  /** What makes the key `k`. */
  readonly commands: readonly (readonly string[])[];
  /** Its bytes, in hex; `78*63` is 63 bytes 78. */
  readonly bytes: string;
}

interface ListpackRecording extends Recording {
  /** What is in the listpack, in order. */
  readonly elements: readonly string[];
}

const integers = [
  '0 1 127 128 -1 -4096 -4097 4095 4096 32767 32768 -32768 -32769 8388607 8388608 -8388608',
  '-8388609 2147483647 2147483648 -2147483648 -2147483649 4294967296 9007199254740993',
  '-9007199254740993 9223372036854775807 -9223372036854775808',
].flatMap((line) => line.split(' '));

const nearlyIntegers = [
  ...['', '-', '-0', '+1', '01', '00', ' 1', '1 ', '1.0', '1e3', '0x1', '9223372036854775808'],
  ...['-9223372036854775809', '18446744073709551615', '100000000000000000000', 'inf'],
];

/** Lengths of strings around every change of head and backlen. */
const lengths = [
  1, 62, 63, 64, 65, 124, 125, 126, 127, 4094, 4095, 4096, 16376, 16377, 16378, 16379, 2097144,
  2097145, 2097146, 2097147,
];
const strings = lengths.map((length) => 'x'.repeat(length));

const listpacks: ListpackRecording[] = [
  {
    name: 'integers',
    commands: [['RPUSH', 'k', ...integers]],
    elements: integers,
    bytes: `
      9b0000001a00000101017f01c08002dfff02d00002f1ffef03cfff02f1001003f1ff7f03f200800004f1
      008003f2ff7fff04f2ffff7f04f30000800005f200008004f3ffff7fff05f3ffffff7f05f40000008000
      00000009f30000008005f4ffffff7fffffffff09f4000000000100000009f4010000000000200009f4ff
      ffffffffffdfff09f4ffffffffffffff7f09f4000000000000008009ff
    `,
  },
  {
    name: 'texts that are nearly integers',
    commands: [['RPUSH', 'k', ...nearlyIntegers]],
    elements: nearlyIntegers,
    bytes: `
      9000000010008001812d02822d3003822b31038230310382303003822031038231200383312e30048331
      6533048330783104933932323333373230333638353437373538303814942d3932323333373230333638
      353437373538303915943138343436373434303733373039353531363135159531 30*20
      1683696e6604ff
    `,
  },
  {
    name: 'strings of many lengths',
    commands: strings.map((string, i) => ['HSET', 'k', `${i}`, string]),
    elements: strings.flatMap((string, i) => [`${i}`, string]),
    bytes: `
      56338100280000018178020101be 78*62 3f0201bf 78*63 400301e040 78*64 420401e041 78*65
      430501e07c 78*124 7e0601e07d 78*125 7f0701e07e 78*126 01800801e07f 78*127
      01810901effe 78*4094 20800a01efff 78*4095 20810b01f000100000 78*4096
      20850c01f0f83f0000 78*16376 7ffd0d01f0f93f0000 78*16377 7ffe0e01f0fa3f0000 78*16378
      00ffff0f01f0fb3f0000 78*16379 0180801001f0f8ff1f00 78*2097144 7ffffd1101f0f9ff1f00
      78*2097145 7ffffe1201f0faff1f00 78*2097146 00ffffff1301f0fbff1f00 78*2097147
      01808080ff
    `,
  },
  {
    name: 'bytes of every value',
    commands: [['RPUSH', 'k', String.fromCharCode(...Array(256).keys())]],
    elements: [String.fromCharCode(...Array(256).keys())],
    bytes: `
      0b0100000100e100000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021
      22232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b
      4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475
      767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f
      a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9
      cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3
      f4f5f6f7f8f9fafbfcfdfeff0282ff
    `,
  },
  {
    name: 'a list that was changed',
    commands: [
      ['RPUSH', 'k', 'one', '2', 'three', '4', 'five'],
      ['LPUSH', 'k', '0', 'minus one'],
      ['LINSERT', 'k', 'AFTER', '2', '2500'],
      ['LSET', 'k', '4', '-70000'],
      ['LREM', 'k', '1', '4'],
      ['LTRIM', 'k', '1', '-1'],
    ],
    elements: ['0', 'one', '2', '-70000', 'three', 'five'],
    bytes: `
      2200000006000001836f6e65040201f290eefe0485746872656506846669766505ff
    `,
  },
  {
    name: 'a hash that was changed',
    commands: [
      ['HSET', 'k', 'name', 'Ada', 'year', '1815', '7', 'seven', 'gone', 'soon'],
      ['HSET', 'k', 'name', 'Ada Lovelace', 'year', '5'],
      ['HINCRBY', 'k', 'count', '300'],
      ['HDEL', 'k', 'gone'],
    ],
    elements: ['name', 'Ada Lovelace', 'year', '5', '7', 'seven', 'count', '300'],
    bytes: `
      360000000800846e616d65058c416461204c6f76656c6163650d8479656172050501070185736576656e
      0685636f756e7406c12c02ff
    `,
  },
  {
    name: 'a sorted set',
    commands: ['3 c', '-1.5 a', '1000 d', '2 11', '2 b', 'inf z', '0.25 q'].map((member) => {
      return ['ZADD', 'k', ...member.split(' ')];
    }),
    elements: 'a -1.5 q 0.25 11 2 b 2 c 3 d 1000 z inf'.split(' '),
    bytes: `
      350000000e00816102842d312e350581710284302e3235050b01020181620202018163020301816402c3
      e802817a0283696e6604ff
    `,
  },
];

const intsets: Recording[] = [
  {
    name: '16 bits',
    commands: [['SADD', 'k', '5', '-32768', '0', '32767', '-1', '300', '5']],
    bytes: `
      02000000060000000080ffff000005002c01ff7f
    `,
  },
  {
    name: '32 bits',
    commands: [
      ['SADD', 'k', '1', '2', '-3'],
      ['SADD', 'k', '32768'],
      ['SADD', 'k', '-2147483648', '2147483647'],
    ],
    bytes: `
      040000000600000000000080fdffffff010000000200000000800000ffffff7f
    `,
  },
  {
    name: '64 bits',
    commands: [
      ['SADD', 'k', '1', '-2'],
      ['SADD', 'k', '-9223372036854775808'],
      ['SADD', 'k', '9223372036854775807', '2147483648', '-2147483649', '9007199254740993'],
    ],
    bytes: `
      08000000070000000000000000000080ffffff7ffffffffffeffffffffffffff01000000000000000000
      0080000000000100000000002000ffffffffffffff7f
    `,
  },
  {
    name: 'wider than it needs to be, after a removal',
    commands: [
      ['SADD', 'k', '1', '70000', '2'],
      ['SREM', 'k', '70000'],
    ],
    bytes: `
      04000000020000000100000002000000
    `,
  },
];

/** The bytes of a recording. */
function recorded({ bytes }: Recording): Buffer {
  const parts = bytes.trim().split(/\s+/);
  const runs = parts.map((part) => {
    const [hex, times] = part.split('*');
    return Buffer.from(hex!.repeat(Number(times ?? 1)), 'hex');
  });
  return Buffer.concat(runs);
}

/** Bytes compared without printing megabytes of them. */
function difference(actual: Buffer, expected: Buffer): string {
  if (actual.equals(expected)) return 'none';
  const at = [...expected].findIndex((byte, i) => byte !== actual[i]);
  const part = (bytes: Buffer) => bytes.subarray(Math.max(0, at), at + 20).toString('hex');
  return `from ${at} on: ${part(actual)} instead of ${part(expected)}`;
}

function packListpack(elements: readonly string[]): Buffer {
  const { bytes, view } = rangeOf(Buffer.alloc(2 ** 24));
  listpack.writeEmpty(bytes, view, 3);
  for (const element of elements) {
    const text = rangeOf(Buffer.from(element, 'latin1'));
    listpack.append(bytes, view, 3, text.bytes, text.view, 0, text.bytes.length);
  }
  return bytes.subarray(3, 3 + listpack.totalBytes(view, 3));
}

/** Plays SADD and SREM. */
function packIntset(commands: readonly (readonly string[])[]): Buffer {
  const { bytes, view } = rangeOf(Buffer.alloc(200));
  intset.writeEmpty(view, 5);
  for (const [name, , ...members] of commands) {
    for (const member of members.map((text) => int64Of(BigInt(text)))) {
      if (name === 'SADD') intset.add(bytes, view, 5, member);
      else intset.remove(bytes, view, 5, member);
    }
  }
  return bytes.subarray(5, 5 + intset.totalBytes(view, 5));
}

/** The only string in what DUMP answers: type, in a list two numbers, length, string, footer. */
function dumpedString(dump: Buffer): Buffer {
  const LIST = 18;
  const FOOTER_BYTES = 10;
  let at = dump[0] === LIST ? 3 : 1;
  const mark = dump[at]!;
  const [length, lengthBytes] =
    mark < 0x40
      ? [mark, 1]
      : mark < 0x80
        ? [dump.readUInt16BE(at) - 0x4000, 2]
        : [dump.readUInt32BE(at + 1), 5];
  at += lengthBytes;
  expect(at + length + FOOTER_BYTES).toBe(dump.length);
  return dump.subarray(at, at + length);
}

describe('a listpack has the bytes that Redis gives it', () => {
  it.each(listpacks)('$name', ({ elements, ...recording }) => {
    expect(difference(packListpack(elements), recorded(recording))).toBe('none');
  });

  it.each(listpacks)('and the elements: $name', ({ elements, ...recording }) => {
    const { bytes, view } = rangeOf(recorded(recording));
    expect(isValidListpack(bytes, view, 0, bytes.length)).toBe(true);
    expect(listpack.count(bytes, view, 0)).toBe(elements.length);
    elements.forEach((element, index) => {
      const text = rangeOf(Buffer.from(element, 'latin1'));
      const offset = listpack.atIndex(bytes, view, 0, index);
      const { length } = text.bytes;
      expect(listpack.equals(bytes, view, 0, offset, text.bytes, text.view, 0, length)).toBe(true);
    });
  });
});

describe('an intset has the bytes that Redis gives it', () => {
  it.each(intsets)('$name', ({ commands, ...recording }) => {
    const bytes = recorded({ commands, ...recording });
    expect(difference(packIntset(commands), bytes)).toBe('none');
    expect(intset.isValidIntset(bytes, rangeOf(bytes).view, 0, bytes.length)).toBe(true);
  });
});

describe.skipIf(!redisAvailable())('a redis-server still dumps what was recorded', () => {
  let server: RunningServer;
  let client: RespClient;

  beforeAll(async () => {
    server = await startRedis([
      ...['--rdbcompression', 'no', '--save', ''],
      ...['--hash-max-listpack-value', '5000000'],
    ]);
    client = await RespClient.connect(server.port);
  });

  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it.each([...listpacks, ...intsets])('$name', async (recording) => {
    await client.call('DEL', 'k');
    for (const command of recording.commands) {
      expect((await client.call(...command)).type).not.toBe('error');
    }
    const reply = await client.call('DUMP', 'k');
    if (reply.type !== 'bulk') throw new Error(`DUMP answered ${reply.type}`);
    expect(difference(dumpedString(reply.bytes), recorded(recording))).toBe('none');
  });
});

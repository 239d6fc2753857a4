/** `redstart check-rdb`, on what redis-server and Redstart write, whole and damaged. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkRdb } from '../../src/persistence/check-rdb.ts';
import { randomValue, VALUE_KINDS } from '../support/random-values.ts';
import { bytesOf, int64, length, sealFile, string } from '../support/rdb-bytes.ts';
import { RespClient } from '../support/resp-client.ts';
import { chosenSeed, SeededRandom } from '../support/seeded-random.ts';
import { available, redisAvailable, startRedis } from '../support/server.ts';

describe('check-rdb', () => {
  let dir = '';
  let path = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'redstart-check-'));
    path = join(dir, 'dump.rdb');
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('says what is in a file', () => {
    const value = bytesOf(0, string('key'), string('value'));
    writeFileSync(
      path,
      sealFile(
        bytesOf(
          'REDIS0011',
          bytesOf(250, string('redis-ver'), string('7.2.4')),
          bytesOf(245, string('#!lua name=one')),
          bytesOf(254, 3, 251, 2, 1),
          value,
          bytesOf(252, int64(1000), 0, string('due'), 0xc0, 5),
          255,
        ),
      ),
    );
    expect(run()).toEqual({
      code: 0,
      lines: [
        `${path}: 83 bytes`,
        'version 11',
        'redis-ver: 7.2.4',
        'libraries of functions: 1',
        'database 3: 2 keys, 1 expire, 1 are due',
        'string: 2',
        'It is whole: 83 bytes were read.',
      ],
    });
  });

  test('says where it is damaged, and of which key', () => {
    const zset = bytesOf(3, string('scores'), 1, string('member'), 253);
    writeFileSync(path, sealFile(bytesOf('REDIS0009', 254, 0, zset)));
    const { code, lines } = run();
    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(/^It is damaged at byte \d+: key "scores": /);
  });

  test('passes over what modules wrote beside keys, and names the module', () => {
    const module = bytesOf(247, 0x81, Buffer.from('6a0f4a2d5b1f0400', 'hex'), 2, 2);
    const parts = bytesOf(1, 7, 3, Buffer.alloc(4), 4, Buffer.alloc(8), 5, string('text'), 0);
    writeFileSync(path, sealFile(bytesOf('REDIS0009', module, parts, 255)));
    const { code, lines } = run();
    expect(code).toBe(0);
    expect(lines.join('\n')).toMatch(/data of the module [\w-]{9}, passed over/);
  });

  test('tells damage from what it does not know', () => {
    const fields = bytesOf(24, string('h'), int64(1), 1, length(1), string('f'), string('v'));
    writeFileSync(path, sealFile(bytesOf('REDIS0012', 254, 0, fields, 255)));
    expect(run().lines.at(-1)).toMatch(/^It cannot be loaded, for what is at byte \d+: key "h": /);
  });

  test.each([
    ['nothing', ''],
    ['another kind of file', 'PNG and so on and on'],
    ['a version to come', 'REDIS0013 and so on'],
    ['no version', 'REDIS00x9 and so on'],
  ])('refuses %s', (_, text) => {
    writeFileSync(path, text);
    expect(run().code).toBe(1);
  });

  test('asks for a file', () => {
    const lines: string[] = [];
    expect(checkRdb([], (line) => lines.push(line))).toBe(1);
    expect(lines).toEqual(['Usage: redstart check-rdb <file>']);
    expect(checkRdb([join(dir, 'missing')], (line) => lines.push(line))).toBe(1);
    expect(lines[1]).toMatch(/^Cannot read .*missing: ENOENT/);
  });

  const seed = chosenSeed();
  test.skipIf(!redisAvailable() || !available('redis-check-rdb'))(
    `agrees with redis-check-rdb about its own files (SEED=${seed})`,
    async () => {
      const random = new SeededRandom(seed);
      const whole = await fileOfRedis(random);
      writeFileSync(path, whole);
      expect(run().code).toBe(0);
      for (let round = 0; round < 12; round++) {
        const damaged = Buffer.from(whole);
        const at = random.integer(0, damaged.length - 1);
        damaged[at]! ^= 1 << random.integer(0, 7);
        writeFileSync(path, round % 2 === 0 ? damaged : whole.subarray(0, at));
        const theirs = spawnSync('redis-check-rdb', [path], { stdio: 'ignore' }).status;
        // Theirs ends with a signal when it meets some kinds of damage.
        expect(run().code).toBe(theirs === 0 ? 0 : 1);
      }
    },
  );

  function run(): { code: number; lines: string[] } {
    const lines: string[] = [];
    const code = checkRdb([path], (line) => lines.push(line));
    return { code, lines };
  }
});

/** A snapshot by redis-server of random values of each kind. */
async function fileOfRedis(random: SeededRandom): Promise<Buffer> {
  const server = await startRedis();
  try {
    const client = await RespClient.connect(server.port);
    for (const kind of VALUE_KINDS) {
      for (const line of randomValue(random, kind, kind)) await client.call(...line);
    }
    await client.call('SAVE');
    await client.close();
    return readFileSync(join(server.dir, 'dump.rdb'));
  } finally {
    await server.stop();
  }
}

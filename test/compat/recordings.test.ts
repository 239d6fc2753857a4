import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRedis } from '../support/server.ts';
import { checkMarks, compareMetadata } from './metadata-suite.ts';
import { recordingPath, scriptNames } from './recording.ts';
import { installedRedis } from './redis-version.ts';
import { compareAllScripts } from './suite.ts';

it('has a recording for every script, and no other', () => {
  const files = readdirSync(dirname(recordingPath('any'))).filter((file) => file !== 'metadata');
  const expected = scriptNames().map((name) => `${name}.json`);
  expect(files.sort()).toEqual(expected.sort());
});
checkMarks();

const redis = installedRedis();
if (redis?.dialect) {
  const { dialect } = redis;
  await compareAllScripts(startRedis, dialect);
  describe('metadata', () => compareMetadata(startRedis, dialect));
} else {
  const found = redis === null ? 'there is none' : `this one is ${redis.version}`;
  it.skip(`recordings are checked against redis-server 7.0 or 7.2 on the PATH: ${found}`);
}

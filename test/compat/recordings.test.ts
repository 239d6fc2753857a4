import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { startRedis } from '../support/server.ts';
import { recordingPath, scriptNames } from './recording.ts';
import { installedRedis } from './redis-version.ts';
import { compareAllScripts } from './suite.ts';

it('has a recording for every script, and no other', () => {
  const recorded = readdirSync(dirname(recordingPath('any'))).map((file) => file.split('.')[0]);
  expect(recorded.sort()).toEqual(scriptNames());
});

const redis = installedRedis();
if (redis?.dialect) {
  await compareAllScripts(startRedis, redis.dialect);
} else {
  const found = redis === null ? 'there is none' : `this one is ${redis.version}`;
  it.skip(`recordings are checked against redis-server 7.0 or 7.2 on the PATH: ${found}`);
}

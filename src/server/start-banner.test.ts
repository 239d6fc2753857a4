import { describe, expect, it } from 'vitest';
import { Config } from '../engine/config.ts';
import { Settings } from '../engine/config-settings.ts';
import { SILENT_LOG } from '../engine/log.ts';
import { logStart, type MachineFacts, startWarnings } from './start-banner.ts';

const GIB = 1024 ** 3;
const machine: MachineFacts = { memoryBytes: 8 * GIB, backlogMax: 4096 };

function configured(directives: Readonly<Record<string, string>>): Config {
  const config = new Config(new Settings('/'));
  for (const [name, value] of Object.entries(directives)) {
    config.assign(name as 'port', ...value.split(' '));
  }
  return config;
}

describe('the start', () => {
  it('says what is served and kept', () => {
    const said: unknown[] = [];
    const log = { ...SILENT_LOG, notice: (_: string, fields?: object) => said.push(fields) };
    logStart(configured({ port: '7000', maxmemory: '1gb', appendonly: 'yes' }), log, machine);
    expect(said).toEqual([
      expect.objectContaining({
        processId: process.pid,
        mode: 'standalone',
        port: 7000,
        maxmemory: GIB,
        policy: 'noeviction',
        save: '3600 1 300 100 60 10000',
        appendonly: 'everysec',
      }),
    ]);
  });

  it('finds nothing wrong with the defaults', () => {
    expect(startWarnings(configured({}), machine)).toEqual([]);
  });

  it.each([
    [{ 'protected-mode': 'no' }, /Whoever reaches the port is let in/],
    [{ 'http-port': '9121', 'http-bind': '* -::*' }, /HTTP port is open/],
    [{ maxmemory: '7gb' }, /more than 80%/],
    [{ 'tcp-backlog': '5000' }, /allows 4096/],
    [{ 'key-load-delay': '20' }, /key-load-delay has no effect yet/],
  ])('warns of %j', (directives, warning) => {
    const warnings = startWarnings(configured(directives), machine);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it.each([
    [{ 'protected-mode': 'no', bind: '127.0.0.1 -::1' }],
    [{ 'protected-mode': 'no', requirepass: 'secret' }],
    [{ 'http-port': '9121' }],
    [{ maxmemory: '6gb' }],
  ])('does not warn of %j', (directives) => {
    expect(startWarnings(configured(directives), machine)).toEqual([]);
  });
});

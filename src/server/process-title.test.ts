import { existsSync, readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { Config } from '../engine/config.ts';
import { Settings } from '../engine/config-settings.ts';
import { SILENT_LOG } from '../engine/log.ts';
import { followProcessTitle, processTitle } from './process-title.ts';

const before = process.title;
afterEach(() => {
  process.title = before;
});

/** What Linux calls the process; elsewhere there is nothing to look at. */
function commandName(): string {
  return existsSync('/proc/self/comm')
    ? readFileSync('/proc/self/comm', 'latin1').trim()
    : 'redstart';
}

function configured(directives: Readonly<Record<string, string>>): Config {
  const config = new Config(new Settings('/'));
  for (const [name, value] of Object.entries(directives)) config.assign(name as 'port', value);
  return config;
}

it.each([
  [{}, 'redstart *:6379'],
  [{ port: '7000', bind: '127.0.0.1' }, 'redstart 127.0.0.1:7000'],
  [{ bind: '-::1' }, 'redstart ::1:6379'],
  [{ port: '0', unixsocket: '/run/x.sock' }, 'redstart /run/x.sock'],
  [{ 'proc-title-template': 'cache {port} {config-file}' }, 'cache 6379 /etc/x.conf'],
])('%j is called %s', (directives, title) => {
  expect(processTitle(configured(directives).values, '/etc/x.conf')).toBe(title);
});

it('follows the template, and leaves the title alone where that is wanted', () => {
  const config = configured({});
  followProcessTitle(config, SILENT_LOG);
  expect(process.title).toBe('redstart *:6379');
  expect(commandName()).toBe('redstart');
  config.assign('proc-title-template', 'store');
  expect(process.title).toBe('store');
  followProcessTitle(configured({ 'set-proc-title': 'no' }), SILENT_LOG);
  expect(process.title).toBe('store');
});

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SILENT_LOG } from '../engine/log.ts';
import { Supervision } from './supervision.ts';

let dir: string;
let path: string | undefined;
let warnings: unknown[][];
const log = {
  ...SILENT_LOG,
  warning: (...words: unknown[]) => {
    warnings.push(words);
  },
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-supervision-'));
  path = process.env.PATH;
  warnings = [];
});
afterEach(() => {
  process.env.PATH = path;
  rmSync(dir, { recursive: true });
});

/** Puts a systemd-notify in front of any other. */
function notifier(script: string): void {
  const program = join(dir, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  process.env.PATH = `${dir}:${path}`;
}

it.each([
  ['no', { NOTIFY_SOCKET: '/run/x', UPSTART_JOB: 'x' }, 'no'],
  ['auto', {}, 'no'],
  ['auto', { NOTIFY_SOCKET: '' }, 'no'],
  ['auto', { NOTIFY_SOCKET: '/run/x' }, 'systemd'],
  ['auto', { UPSTART_JOB: 'x' }, 'upstart'],
  ['systemd', { NOTIFY_SOCKET: '/run/x' }, 'systemd'],
  ['upstart', { UPSTART_JOB: 'x' }, 'upstart'],
] as const)('%s with %j is %s', (wanted, environment, supervisor) => {
  expect(new Supervision(wanted, environment, log).supervisor).toBe(supervisor);
  expect(warnings).toEqual([]);
});

it.each([
  ['systemd', 'NOTIFY_SOCKET'],
  ['upstart', 'UPSTART_JOB'],
] as const)('%s is not there without %s', (wanted, variable) => {
  expect(new Supervision(wanted, {}, log).supervisor).toBe('no');
  expect(warnings).toEqual([[`${wanted} supervision requested, but ${variable} not found`]]);
});

it('tells systemd each step', async () => {
  notifier(`echo "$@" >>${dir}/said`);
  const supervision = new Supervision('systemd', { NOTIFY_SOCKET: '/run/x' }, log);
  const said = () => readFileSync(join(dir, 'said'), 'utf8').split('\n').slice(0, -1);
  writeFileSync(join(dir, 'said'), '');
  supervision.starting();
  await expect.poll(said).toEqual(['--status=Loading the data']);
  supervision.ready();
  await expect.poll(said).toHaveLength(2);
  supervision.stopping();
  await expect.poll(said).toHaveLength(3);
  expect(said().slice(1)).toEqual([
    '--ready --status=Ready to accept connections',
    'STOPPING=1 --status=Shutting down',
  ]);
  expect(warnings).toEqual([]);
});

it('logs that systemd could not be told, and goes on', async () => {
  notifier('exit 3');
  const supervision = new Supervision('systemd', { NOTIFY_SOCKET: '/run/x' }, log);
  supervision.ready();
  await expect.poll(() => warnings).toHaveLength(1);
  expect(warnings[0]![1]).toMatchObject({ reason: 'systemd-notify ended with 3' });
  process.env.PATH = '/nonexistent';
  supervision.ready();
  await expect.poll(() => warnings).toHaveLength(2);
  expect(warnings[1]![1]).toMatchObject({ reason: expect.stringContaining('ENOENT') });
});

it('says nothing to nobody', async () => {
  notifier(`echo "$@" >>${dir}/said`);
  const supervision = new Supervision('no', { NOTIFY_SOCKET: '/run/x' }, log);
  supervision.ready();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(() => readFileSync(join(dir, 'said'))).toThrow('ENOENT');
});

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLineRun } from '../support/command-line.ts';
import { RespClient } from '../support/resp-client.ts';
import { available, freePort } from '../support/server.ts';

const UNIT = fileURLToPath(new URL('../../systemd/redstart.service', import.meta.url));
const NOTIFY_SOCKET = fileURLToPath(new URL('../support/notify-socket.py', import.meta.url));

let dir: string;
let runs: CommandLineRun[];
let listener: ChildProcess | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-supervised-'));
  runs = [];
});
afterEach(async () => {
  await Promise.all(runs.map((run) => run.kill()));
  listener?.kill();
  rmSync(dir, { recursive: true });
});

function run(args: readonly string[], environment: Record<string, string> = {}): CommandLineRun {
  const started = new CommandLineRun(args, { cwd: dir, environment });
  runs.push(started);
  return started;
}

/** The words of the command that the unit starts. */
function unitCommand(): string[] {
  const line = /^ExecStart=(.*)$/m.exec(readFileSync(UNIT, 'utf8'))?.[1];
  if (line === undefined) throw new Error('the unit starts nothing');
  return line.split(' ');
}

const canListen = available('systemd-notify') && available('python3');

it.skipIf(!canListen)('tells systemd when it is ready, and when it ends', async () => {
  const path = join(dir, 'notify');
  const heard: string[] = [];
  listener = spawn('python3', [NOTIFY_SOCKET, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  listener.stdout?.setEncoding('utf8').on('data', (text: string) => {
    heard.push(...text.split('\n').filter((line) => line !== '' && line !== 'BARRIER=1'));
  });
  await expect.poll(() => heard).toEqual(['listening']);
  const port = String(await freePort());
  const server = run(['--port', port, '--save', '', '--supervised', 'systemd'], {
    NOTIFY_SOCKET: path,
  });
  await server.ready();
  await expect.poll(() => heard).toContainEqual(expect.stringMatching(/READY=1/));
  const client = await RespClient.connect(Number(port));
  const info = await client.call('INFO', 'server');
  expect(info.type === 'bulk' && info.bytes.toString()).toContain('process_supervised:systemd\r\n');
  await client.close();
  expect(await server.signal('SIGTERM')).toBe(0);
  await expect.poll(() => heard).toContainEqual(expect.stringMatching(/STOPPING=1/));
  expect(server.stdout).not.toContain('could not be told');
});

it('stops itself for upstart when it is ready', async () => {
  const port = String(await freePort());
  const server = run(['--port', port, '--save', '', '--supervised', 'auto'], { UPSTART_JOB: 'x' });
  const state = () => readFileSync(`/proc/${server.process.pid}/stat`, 'latin1').split(' ')[2];
  await expect.poll(state, { timeout: 10_000 }).toBe('T');
  server.process.kill('SIGCONT');
  const client = await RespClient.connect(Number(port));
  expect(await client.call('PING')).toMatchObject({ text: 'PONG' });
  await client.close();
  expect(await server.signal('SIGTERM')).toBe(0);
});

it.each([
  ['SIGTERM', 'shutdown-on-sigterm', 'nosave', false],
  ['SIGTERM', 'shutdown-on-sigterm', 'save', true],
  ['SIGINT', 'shutdown-on-sigint', 'nosave now', false],
  ['SIGINT', 'shutdown-on-sigterm', 'nosave', true],
] as const)('ends on %s as %s %s says', async (signal, directive, how, saves) => {
  const points = how === 'save' ? '' : '3600 1';
  const port = String(await freePort());
  const server = run(['--port', port, '--save', points, `--${directive}`, ...how.split(' ')]);
  await server.ready();
  const client = await RespClient.connect(Number(port));
  await client.call('SET', 'a', '1');
  await client.close();
  expect(await server.signal(signal)).toBe(0);
  expect(existsSync(join(dir, 'dump.rdb'))).toBe(saves);
});

it('is called by what it serves', async () => {
  const port = String(await freePort());
  const server = run(['--port', port, '--save', '', '--bind', '127.0.0.1']);
  await server.ready();
  const commandLine = readFileSync(`/proc/${server.process.pid}/cmdline`, 'latin1');
  expect(commandLine.replaceAll('\0', '')).toBe(`redstart 127.0.0.1:${port}`);
  expect(await server.signal('SIGTERM')).toBe(0);
});

it('ends on SIGTERM while it loads', { timeout: 60_000 }, async () => {
  const port = String(await freePort());
  const args = ['--port', port, '--save', ''];
  const first = run(args);
  await first.ready();
  const client = await RespClient.connect(Number(port));
  const value = 'x'.repeat(20);
  for (let i = 0; i < 50; i++) {
    const pairs = Array.from({ length: 10_000 }, (_, j) => [`key:${i}:${j}`, value]).flat();
    await client.call('MSET', ...pairs);
  }
  await client.call('SAVE');
  await client.close();
  expect(await first.signal('SIGTERM')).toBe(0);
  const before = readFileSync(join(dir, 'dump.rdb'));
  const second = run([...args, '--save', '1 1']);
  await second.until('Redstart is starting');
  expect(await second.signal('SIGTERM')).toBe(0);
  expect(second.stdout).toContain('bye bye');
  expect(second.stdout).not.toContain('Ready to accept');
  expect(readFileSync(join(dir, 'dump.rdb')).equals(before)).toBe(true);
});

describe('the unit', () => {
  it('starts the program as the program can be started', async () => {
    const [program, file, ...options] = unitCommand();
    expect(program).toBe('/usr/bin/redstart');
    const configuration = join(dir, 'redstart.conf');
    writeFileSync(configuration, `port ${await freePort()}\n`);
    expect(file).toBe('/etc/redstart/redstart.conf');
    const words = options.map((word) => word.replace('/var/lib/redstart', dir));
    const server = run([configuration, ...words]);
    await server.ready();
    expect(server.stdout).toContain('NOTIFY_SOCKET not found');
    expect(await server.signal('SIGTERM')).toBe(0);
  });

  it.skipIf(!available('systemd-analyze'))('is well made, and shut in', () => {
    const path = join(dir, 'redstart.service');
    const text = readFileSync(UNIT, 'utf8').replace('/usr/bin/redstart', process.execPath);
    writeFileSync(path, text.replace(/^Documentation=.*\n/m, ''));
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', path], {
      encoding: 'utf8',
    });
    expect(verified.stderr).not.toContain('redstart.service');
    // Tenths: 20 is an exposure of 2.0, of 10.
    const args = ['security', '--offline=true', '--threshold=20', '--no-pager', path];
    const judged = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect(judged.stdout).toMatch(/Overall exposure level for redstart.service: [01]\.\d OK/);
    expect(judged.status).toBe(0);
  });
});

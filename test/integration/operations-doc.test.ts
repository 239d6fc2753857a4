import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findDirective } from '../../src/engine/config-table.ts';
import { CommandLineRun } from '../support/command-line.ts';
import { ask } from '../support/http.ts';
import { RespClient } from '../support/resp-client.ts';
import { available, freePort, startRedstart } from '../support/server.ts';

const DOCUMENT = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const text = readFileSync(DOCUMENT, 'utf8');

it('links to what there is', () => {
  const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, path]) => path!);
  expect(links.length).toBeGreaterThan(10);
  for (const path of links) expect(existsSync(join(dirname(DOCUMENT), path)), path).toBe(true);
});

it('names directives that there are', () => {
  const table = /\| Directive \| When \|\n.*\n((?:\|.*\n)+)/.exec(text)?.[1] ?? '';
  const names = table
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(findDirective(name), name).toBe(name);
});

it('names metrics that there are', async () => {
  const httpPort = await freePort();
  const server = await startRedstart([
    ...['--http-port', String(httpPort), '--appendonly', 'yes', '--enable-debug-command', 'yes'],
    ...['--latency-monitor-threshold', '5'],
  ]);
  const client = await RespClient.connect(server.port);
  await client.call('SET', 'a', '1', 'EX', '100');
  await client.call('NOSUCH');
  await client.call('DEBUG', 'SLEEP', '0.02');
  await ask(httpPort, '/metrics');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { body } = await ask(httpPort, '/metrics');
  const names = text.match(/\b(redis|redstart)_[a-z_]+[a-z]\b/g) ?? [];
  const metrics = names.filter((name) => name !== 'redis_exporter');
  expect(metrics.length).toBeGreaterThan(20);
  for (const name of metrics) expect(body, name).toContain(`# TYPE ${name} `);
  await client.close();
  await server.stop();
});

it.skipIf(!available('redis-cli'))(
  'says how to make a backup and to go back to it',
  async () => {
    const server = await startRedstart(['--appendonly', 'yes']);
    const dir = mkdtempSync(join(tmpdir(), 'redstart-backup-'));
    const client = await RespClient.connect(server.port);
    await client.call('SET', 'kept', 'yes');
    const redisCli = spawnSync('sh', ['-c', 'command -v redis-cli'], { encoding: 'utf8' });
    program(dir, 'redis-cli', `exec ${redisCli.stdout.trim()} -p ${server.port} "$@"`);
    program(dir, 'redstart', `exec ${process.execPath} ${CLI} "$@"`);
    const script = /```sh\n([\s\S]*?)```/.exec(text)![1]!.replaceAll('/backup', dir);
    const env = { ...process.env, PATH: `${dir}:${process.env.PATH}` };
    const made = spawnSync('sh', ['-e', '-c', script], { cwd: server.dir, env, encoding: 'utf8' });
    expect(made.stderr).toBe('');
    expect(made.status).toBe(0);
    await client.call('SET', 'kept', 'no');
    await client.call('SHUTDOWN').catch(() => undefined);
    await expect.poll(() => server.process.exitCode).toBe(0);

    const backup = readdirSync(dir).find((name) => name.startsWith('dump-'))!;
    copyFileSync(join(dir, backup), join(server.dir, 'dump.rdb'));
    const port = await freePort();
    const args = ['--port', String(port), '--save', '', '--appendonly'];
    const restored = new CommandLineRun([...args, 'no'], { cwd: server.dir });
    await restored.ready();
    const second = await RespClient.connect(port);
    expect(await second.call('CONFIG', 'SET', 'appendonly', 'yes')).toMatchObject({ text: 'OK' });
    const rewriting = async () => {
      const info = await second.call('INFO', 'persistence');
      return (
        info.type === 'bulk' && /aof_rewrite_(in_progress|scheduled):1/.test(info.bytes.toString())
      );
    };
    await expect.poll(rewriting).toBe(false);
    await restored.signal('SIGTERM');
    const third = new CommandLineRun([...args, 'yes'], { cwd: server.dir });
    await third.ready();
    const last = await RespClient.connect(port);
    expect(await last.call('GET', 'kept')).toMatchObject({ bytes: Buffer.from('yes') });
    await last.close();
    await third.signal('SIGTERM');
    await server.stop();
    rmSync(dir, { recursive: true });
  },
  60_000,
);

/** Puts a program into a folder. */
function program(dir: string, name: string, command: string): void {
  writeFileSync(join(dir, name), `#!/bin/sh\n${command}\n`);
  chmodSync(join(dir, name), 0o755);
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { RespClient } from '../support/resp-client.ts';
import { freePort } from '../support/server.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const NAMESPACE = fileURLToPath(new URL('../support/systemd-namespace.sh', import.meta.url));
const SYSTEMD = '/lib/systemd/systemd';

/**
 * Whether a systemd of our own can be run here: by root, where namespaces and cgroups allow it and
 * others may read the repository. A machine that is run by systemd is left alone.
 */
function canRunSystemd(): boolean {
  if (process.getuid?.() !== 0 || !existsSync(SYSTEMD)) return false;
  if (existsSync('/run/systemd/system') || (statSync(REPOSITORY).mode & 0o5) !== 0o5) return false;
  const probe =
    'mount --make-rprivate / && mount -t tmpfs tmpfs /mnt && mkdir /mnt/c && ' +
    'mount -t cgroup -o none,name=systemd cgroup /mnt/c';
  return spawnSync('unshare', ['-mpfC', '--mount-proc', 'sh', '-c', probe]).status === 0;
}

let namespace: ChildProcess | undefined;

afterEach(async () => {
  if (namespace === undefined || namespace.exitCode !== null) return;
  const ended = new Promise((resolve) => namespace?.once('exit', resolve));
  // What it has started ends with it.
  namespace.kill('SIGKILL');
  await ended;
});

/** Runs a program where that systemd is the first process. */
function inside(...words: readonly string[]): string {
  const { pid } = namespace!;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  const entered = spawnSync('nsenter', ['-t', children, '-m', '-p', '-C', ...words], {
    encoding: 'utf8',
  });
  return entered.stdout + entered.stderr;
}

function state(): Record<string, string> {
  const names = ['ActiveState', 'StatusText', 'Result', 'DynamicUser', 'ExecMainStatus'];
  const shown = inside('systemctl', 'show', 'redstart', ...names.flatMap((name) => ['-p', name]));
  const pairs = shown.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(pairs.map((line) => line.split('=') as [string, string]));
}

it.skipIf(!canRunSystemd())(
  'the unit runs under systemd, shut in as it is: ready when it serves, saved when it is stopped',
  { timeout: 60_000 },
  async () => {
    const port = await freePort();
    const script = ['bash', NAMESPACE, REPOSITORY, process.execPath, String(port)];
    namespace = spawn('unshare', ['-mpfC', '--mount-proc', '--kill-child', ...script], {
      stdio: 'ignore',
    });
    await expect
      .poll(state, { timeout: 30_000, interval: 300 })
      .toMatchObject({ ActiveState: 'active', StatusText: 'Ready to accept connections' });
    expect(state()).toMatchObject({ DynamicUser: 'yes' });
    const client = await RespClient.connect(port);
    await client.call('SET', 'a', '1');
    await client.close();
    inside('systemctl', 'stop', 'redstart');
    expect(state()).toMatchObject({
      ...{ ActiveState: 'inactive', Result: 'success', ExecMainStatus: '0' },
    });
    expect(inside('ls', '/var/lib/private/redstart')).toBe('dump.rdb\n');
    expect(inside('cat', '/run/redstart.log')).not.toContain('could not be told');
  },
);

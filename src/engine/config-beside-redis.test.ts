/** The same configuration files and command lines, given to this loader and to a redis-server. */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RespClient } from '../../test/support/resp-client.ts';
import { freePort, redisAvailable } from '../../test/support/server.ts';
import { loadConfiguration } from './config-file.ts';
import { rewriteConfiguration } from './config-rewrite.ts';
import type { DirectiveName } from './config-table.ts';

/** What a redis-server answers to CONFIG GET of these names, as one text per name. */
async function theirSettings(
  root: string,
  argv: readonly string[],
  port: number,
  names: readonly string[],
): Promise<string[]> {
  const server = spawn('redis-server', argv, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    await new Promise((resolve, reject) => {
      server.once('exit', () => reject(new Error('redis-server has refused its configuration')));
      server.stdout.on('data', (chunk: Buffer) => {
        if (chunk.includes('Ready to accept connections')) resolve(undefined);
      });
    });
    const client = await RespClient.connect(port);
    const texts: string[] = [];
    for (const name of names) {
      const reply = await client.call('CONFIG', 'GET', name);
      const items = reply.type === 'array' ? reply.items : [];
      texts.push(
        items.map((item) => (item.type === 'bulk' ? item.bytes.toString() : '?')).join(' '),
      );
    }
    await client.close();
    return texts;
  } finally {
    server.kill('SIGKILL');
    await ended;
  }
}

/** The three lines behind the banner of a refusal. */
function theirRefusal(root: string, argv: readonly string[], stdin: string): string {
  const { stderr } = spawnSync('redis-server', argv, { cwd: root, input: stdin, timeout: 5_000 });
  return stderr.toString().trim().split('\n').slice(1).join('\n');
}

const ACCEPTED: ReadonlyArray<readonly [lines: string, ...options: string[]]> = [
  ['save 900 1\nsave 300 10'],
  ['save 900 1\nsave ""\nsave 5 5', '--save', '6', '6'],
  ['save 900 1', '--save'],
  ['save 900 1', '--save', '--hz', '3'],
  ['save 900 1\nsave'],
  ['hz 1\nhz 2', '--HZ', '3', '--hz', '4'],
  ['hz 900\nmaxmemory 1GB\nmaxmemory-clients 5%\nunixsocketperm 0700'],
  ['', '--hz 3', '--timeout', '4'],
  ['', '--masteruser', '--dashes', '--hz', '4'],
  ['', '--shutdown-on-sigint', 'nosave', 'force', '--hz', '4'],
  ['shutdown-on-sigterm save now'],
  ['client-output-buffer-limit normal 1 1 1 slave 2 2 2\nclient-output-buffer-limit slave 3 3 3'],
  ['slaveof 127.0.0.1 1\nreplicaof no one'],
  ['slave-priority 5\nREPLICA-PRIORITY 6'],
  ['latency-tracking-info-percentiles'],
  ['latency-tracking-info-percentiles ""'],
  ['proc-title-template "{title} \\x41"\nnotify-keyspace-events \'KEA\''],
  ['  \t# comment\n\t hz   7 \t\r\n\n'],
  ['oom-score-adj-values 1 2 3'],
];

const COMPARED_NAMES = [
  'save',
  'hz',
  'timeout',
  'maxmemory',
  'maxmemory-clients',
  'unixsocketperm',
  'masteruser',
  'shutdown-on-sigint',
  'shutdown-on-sigterm',
  'client-output-buffer-limit',
  'replicaof',
  'replica-priority',
  'latency-tracking-info-percentiles',
  'proc-title-template',
  'notify-keyspace-events',
  'oom-score-adj-values',
  'bind',
];

const REFUSED: ReadonlyArray<{ argv: readonly string[]; stdin?: string }> = [
  { argv: ['--port', 'abc'] },
  { argv: ['--port'] },
  { argv: ['--port', '0', '--bogus'] },
  { argv: ['--port 7 8'] },
  { argv: ['-x'] },
  { argv: ['-'], stdin: '# c\n\n maxclients   q \nport 5' },
  { argv: ['-', '--port', 'abc'], stdin: 'hz 5\n' },
  { argv: ['-', '--port', 'abc'], stdin: 'hz 5' },
  { argv: ['--port', 'abc', '-'], stdin: 'hz 5' },
  ...[
    'foo bar',
    'include',
    'user',
    'rename-command GET',
    'lua-replicate-commands',
    'port 1 2',
    'port "1',
    "port 'a'b",
    'save 1',
    'replicaof a',
    'replicaof a 70000',
    'replicaof a 1x',
    'dir /nosuch/directory',
    'dir a b',
    'client-output-buffer-limit normal 0 0',
    'unixsocketperm 999',
    'unixsocketperm 1000',
    'unixsocketperm -1',
    'dbfilename a/b',
    'appendfilename a/b',
    'appendfilename ""',
    'appenddirname a/b',
    'appenddirname ""',
    'supervised x',
    'syslog-facility x',
    'oom-score-adj-values 1 2',
    'notify-keyspace-events a b',
    'notify-keyspace-events',
    'shutdown-on-sigint',
    'sentinel a',
    'io-threads-do-reads foo',
    'watchdog-period x',
    'SLAVE-priority x',
    'proc-title-template a b',
    'maxmemory-samples 0',
    'maxmemory',
  ].map((line) => ({ argv: ['-'], stdin: `${line}\n` })),
];

describe.skipIf(!redisAvailable())('beside redis-server (skipped without one on the PATH)', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'redstart-beside-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it.each(ACCEPTED.map(([lines, ...options]) => ({ lines, options })))(
    'accepts $lines $options',
    async ({ lines, options }) => {
      const port = await freePort();
      writeFileSync(join(root, 'a.conf'), `port ${port}\nbind 127.0.0.1\n${lines}`);
      const argv = ['a.conf', ...options];
      const ours = await loadConfiguration(argv, () => Promise.reject(new Error('no input')), {
        version: '',
        workingDirectory: root,
      });
      const texts = COMPARED_NAMES.map((name) =>
        ours
          .get([Buffer.from(name)])
          .flat()
          .join(' '),
      );
      expect(texts).toEqual(await theirSettings(root, argv, port, COMPARED_NAMES));
    },
  );

  it('writes files that redis-server reads the same', async () => {
    const port = await freePort();
    const lines = ['# old', 'hz 20', 'save 9 9', `port ${port}`, 'bind 127.0.0.1', ''];
    writeFileSync(join(root, 'a.conf'), lines.join('\n'));
    const ours = await loadConfiguration(['a.conf'], () => Promise.reject(new Error('no input')), {
      version: '',
      workingDirectory: root,
    });
    const changes: ReadonlyArray<readonly [DirectiveName, ...string[]]> = [
      ['hz', '30'],
      ['save', '1', '1', '2', '2'],
      ['maxmemory', '5mb'],
      ['maxmemory-clients', '7%'],
      ['masteruser', 'a "b" \\ \t\xe9'],
      ['client-output-buffer-limit', 'slave', '1kb', '2kb', '3'],
      ['shutdown-on-sigint', 'nosave', 'now'],
      ['notify-keyspace-events', 'Klg'],
      ['latency-tracking-info-percentiles', ''],
      ['unixsocketperm', '640'],
      ['replicaof', '127.0.0.1', '1'],
    ];
    for (const [name, ...args] of changes) ours.assign(name, ...args);
    expect(rewriteConfiguration(ours, undefined)).toBeUndefined();
    const texts = COMPARED_NAMES.map((name) =>
      ours
        .get([Buffer.from(name)])
        .flat()
        .join(' '),
    );
    expect(texts).toEqual(await theirSettings(root, ['a.conf'], port, COMPARED_NAMES));
  });

  it.each(REFUSED)('refuses $argv $stdin', async ({ argv, stdin = '' }) => {
    const ours = loadConfiguration(argv, async () => Buffer.from(stdin), {
      version: '',
      workingDirectory: root,
    }).then(
      () => 'accepted',
      (error: Error) => error.message.split('\n').slice(1).join('\n'),
    );
    expect(await ours).toBe(theirRefusal(root, argv, stdin));
  });
});

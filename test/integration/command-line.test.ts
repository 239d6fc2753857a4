import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLineRun, parseLog, type RunOptions } from '../support/command-line.ts';
import { RespClient } from '../support/resp-client.ts';
import { freePort } from '../support/server.ts';

let dir: string;
let port: string;
let runs: CommandLineRun[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-cli-'));
  port = String(await freePort());
  runs = [];
});
afterEach(async () => {
  await Promise.all(runs.map((each) => each.kill()));
  rmSync(dir, { recursive: true });
});

function run(args: readonly string[], options: Partial<RunOptions> = {}): CommandLineRun {
  const started = new CommandLineRun(args, { cwd: dir, ...options });
  runs.push(started);
  return started;
}

/** A run that serves; `port` has to be in what it is given. */
async function serve(
  args: readonly string[],
  options: Partial<RunOptions> = {},
): Promise<CommandLineRun> {
  const started = run(args, options);
  await started.ready();
  return started;
}

/** A run that must not serve: its exit code and what it says. */
async function refused(...args: readonly string[]): Promise<string> {
  const ended = run(args);
  expect(await ended.ended()).toBe(1);
  expect(ended.stdout + ended.stderr).not.toContain('Ready to accept connections');
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  return ended.stderr;
}

function file(name: string, ...lines: readonly string[]): string {
  const path = join(dir, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

/** What CONFIG GET says of directives, one after the other. */
async function settings(...names: readonly string[]): Promise<string[]> {
  const client = await RespClient.connect(Number(port));
  const values: string[] = [];
  for (const name of names) {
    const reply = await client.call('CONFIG', 'GET', name);
    if (reply.type !== 'array' || reply.items[1]?.type !== 'bulk') {
      throw new Error(`CONFIG GET ${name} answered ${JSON.stringify(reply.type)}`);
    }
    values.push(reply.items[1].bytes.toString());
  }
  await client.close();
  return values;
}

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('comes with exit code 0 on %s', async (signal) => {
    const server = await serve(['--port', port, '--save', '']);
    const client = await RespClient.connect(Number(port));
    await client.call('PING');
    expect(await server.signal(signal)).toBe(0);
    expect(await client.untilClosed(1_000)).toBe(true);
    expect(server.stdout).toContain(`Received ${signal}, scheduling shutdown`);
    expect(server.log().at(-1)?.msg).toContain('bye bye');
    expect(server.stderr).toBe('');
  });

  it.each(['SHUTDOWN', 'SHUTDOWN NOSAVE', 'SHUTDOWN NOW FORCE'])(
    'comes with exit code 0 on %s',
    async (command) => {
      const server = await serve(['--port', port, '--save', '']);
      const client = await RespClient.connect(Number(port));
      client.send(command.split(' '));
      expect(await client.untilClosed(5_000)).toBe(true);
      expect(await server.ended()).toBe(0);
      expect(server.stdout).toContain('User requested shutdown');
    },
  );
});

describe('a start is refused', () => {
  it('for a directive that there is not, or that is wrong, with its line', async () => {
    expect(await refused('--nosuch', '1')).toMatch(
      /FATAL CONFIG FILE ERROR.*>>> 'nosuch "1"'\nBad directive or wrong number of arguments/s,
    );
    expect(await refused('--port', 'abc')).toContain("argument couldn't be parsed into an integer");
    expect(await refused('--port', '70000')).toContain('between 0 and 65535');
    expect(await refused('--port')).toContain('wrong number of arguments');
    const path = file('bad.conf', `port ${port}`, '# a comment', '', 'appendfsync sometimes');
    expect(await refused(path)).toMatch(/at line 4\n>>> 'appendfsync sometimes'\n.*everysec/);
    expect(await refused('--daemonize', 'yes')).toContain('supervisor');
  });

  it('for protection that it does not give', async () => {
    expect(await refused('--user', 'default', 'off')).toContain('are not supported yet');
    const path = file('renames.conf', `port ${port}`, 'rename-command FLUSHALL ""');
    expect(await refused(path)).toMatch(/at line 2\n>>> 'rename-command FLUSHALL ""'\n.*not supp/);
  });

  it('without showing a secret', async () => {
    const shown = await refused('--requirepass', 'sesame', 'open');
    expect(shown).toContain(">>> 'requirepass ********'");
    expect(shown).not.toMatch(/sesame|open/);
  });

  it('for files that cannot be read', async () => {
    expect(await refused('missing.conf')).toBe(
      `Fatal error, can't open config file '${join(dir, 'missing.conf')}': No such file or directory\n`,
    );
    mkdirSync(join(dir, 'directory'));
    expect(await refused('directory')).toContain("can't open config file");
    const path = file('with-include.conf', `port ${port}`, 'include missing.conf');
    expect(await refused(path)).toMatch(/can't open config file '.*missing.conf': No such file/);
    const loop = file('loop.conf', 'include loop.conf');
    expect(await refused(loop)).toContain('includes itself');
  });

  it('for directories and log files that are not there', async () => {
    expect(await refused('--port', port, '--dir', 'missing')).toContain(
      'No such file or directory',
    );
    const shown = await refused('--port', port, '--logfile', 'missing/redstart.log');
    expect(shown).toBe(
      `Can't open the log file '${join(dir, 'missing/redstart.log')}': No such file or directory\n`,
    );
  });

  it('for a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(Number(port), '127.0.0.1', resolve));
    const second = run(['--port', port, '--bind', '127.0.0.1']);
    expect(await second.ended()).toBe(1);
    other.close();
    expect(second.log().at(-1)).toMatchObject({
      level: 'warning',
      msg: `Could not listen on 127.0.0.1:${port}: Address already in use, aborting.`,
    });
    expect(second.stderr).toBe('');
  });
});

describe('the configuration', () => {
  it('comes from a file, then from options, which win', async () => {
    const path = file('redstart.conf', 'port 1', 'maxclients 77', 'timeout 5', 'loglevel verbose');
    await serve([path, '--port', port, '--timeout', '9']);
    expect(await settings('port', 'maxclients', 'timeout', 'loglevel')).toEqual([
      port,
      '77',
      '9',
      'verbose',
    ]);
  });

  it('comes from the standard input', async () => {
    await serve(['-'], { input: `port ${port}\nmaxclients 78\n` });
    expect(await settings('maxclients')).toEqual(['78']);
  });

  it('comes from a file, then the standard input, then options', async () => {
    const path = file('redstart.conf', 'port 1', 'maxclients 1', 'timeout 1', 'hz 33');
    const input = `port 2\nmaxclients 2\ntimeout 22\n`;
    await serve([path, '--port', port, '--maxclients', '300', '-'], { input });
    expect(await settings('port', 'maxclients', 'timeout', 'hz')).toEqual([
      port,
      '300',
      '22',
      '33',
    ]);
  });

  it('takes options in every form', async () => {
    await serve([
      ...['--port', port],
      '--maxclients 88',
      ...['--BIND', '127.0.0.1', '-::1'],
      ...['--save', '900', '1', '300', '10'],
      ...['--client-output-buffer-limit', 'normal 1mb 2mb 3'],
      ...['--client-output-buffer-limit', 'pubsub', '1', '2', '3'],
      ...['--oom-score-adj-values', '1 2 3'],
      ...['--masteruser', '--two-dashes'],
      ...['--proc-title-template', '{title}  "quoted"'],
      ...['--replicaof', 'no one'],
    ]);
    expect(
      await settings(
        ...['maxclients', 'bind', 'save', 'client-output-buffer-limit', 'oom-score-adj-values'],
        ...['masteruser', 'proc-title-template', 'replicaof'],
      ),
    ).toEqual([
      ...['88', '127.0.0.1 -::1', '900 1 300 10'],
      'normal 1048576 2097152 3 slave 268435456 67108864 60 pubsub 1 2 3',
      ...['1 2 3', '--two-dashes', '{title}  "quoted"', ''],
    ]);
  });

  it('turns snapshots off with every way to say that', async () => {
    for (const args of [['--save', ''], ['--save'], ['--save ""']]) {
      const server = await serve(['--port', port, ...args]);
      expect(await settings('save')).toEqual(['']);
      expect(await server.signal('SIGTERM')).toBe(0);
    }
  });

  it('includes files, relative to where it says', async () => {
    mkdirSync(join(dir, 'conf.d'));
    file('conf.d/one.conf', 'maxclients 71');
    file('conf.d/two.conf', 'timeout 72');
    const path = file('main.conf', `port ${port}`, 'include conf.d/*.conf');
    await serve([path]);
    expect(await settings('maxclients', 'timeout')).toEqual(['71', '72']);
  });

  it('is the default where there is nothing, and the log says so', async () => {
    // The default port may be in use here; that is as good a proof as a start.
    const server = run([]);
    await server.until('"msg":"No config file specified, using the default config"');
    await server.kill();
  });
});

describe('what it tells', () => {
  it.each(['--version', '-v'])('its version on %s', async (option) => {
    const told = run([option]);
    expect(await told.ended()).toBe(0);
    expect(told.stdout).toMatch(/^Redstart v=\d+\.\d+\.\d+ redis=7\.2\.4 node=v\d+\S+\n$/);
    expect(told.stderr).toBe('');
  });

  it.each(['--help', '-h'])('its usage on %s', async (option) => {
    const told = run([option]);
    expect(await told.ended()).toBe(0);
    expect(told.stdout).toMatch(/^Usage: redstart \[.*\n(.*\n)*.*--port 7777/);
  });

  it('lines of JSON, each key once, that begin and end as they should', async () => {
    const server = await serve(['--port', port]);
    await server.signal('SIGTERM');
    const log = server.log();
    expect(log.map(({ msg }) => msg)).toEqual([
      'Redstart is starting',
      'Ready to accept connections',
      'Received SIGTERM, scheduling shutdown...',
      'DB saved on disk',
      'Redstart is now ready to exit, bye bye...',
    ]);
    for (const record of log) {
      expect(record).toMatchObject({ pid: server.process.pid, time: expect.any(String) });
      expect(new Date(String(record.time)).getTime()).toBeGreaterThan(Date.now() - 60_000);
    }
    for (const line of server.stdout.trim().split('\n')) {
      const keys = [...line.matchAll(/[{,]"(\w+)":/g)].map(([, key]) => key);
      expect(new Set(keys).size, line).toBe(keys.length);
    }
    expect(log[0]).toMatchObject({ level: 'notice', redis: '7.2.4', node: process.version });
    expect(log[1]).toMatchObject({ level: 'notice', port: Number(port) });
  });

  it('which directives it does not heed', async () => {
    const server = await serve(['--port', port, '--key-load-delay', '50', '--io-threads', '4']);
    const warnings = server.log().filter(({ level }) => level === 'warning');
    expect(warnings.map(({ msg }) => msg)).toEqual([
      'The directive key-load-delay has no effect yet',
    ]);
  });

  it('nothing on the terminal where there is a log file, which it appends to', async () => {
    const path = file('redstart.log', '{"msg":"what was there"}');
    const server = run(['--port', port, '--logfile', 'redstart.log']);
    await untilContains(path, 'Ready to accept connections');
    expect(await server.signal('SIGTERM')).toBe(0);
    expect(server.stdout + server.stderr).toBe('');
    const messages = parseLog(readFileSync(path, 'utf8')).map(({ msg }) => msg);
    expect(messages[0]).toBe('what was there');
    expect(messages).toContain('Redstart is starting');
    expect(messages.at(-1)).toContain('bye bye');
  });

  it('as much as the log level lets through, which can be changed', async () => {
    const server = run(['--port', port, '--loglevel', 'warning']);
    const client = await connectWhenReady();
    expect(server.stdout).toBe('');
    await client.call('CONFIG', 'SET', 'loglevel', 'nothing');
    await client.close();
    expect(await server.signal('SIGTERM')).toBe(0);
    expect(server.stdout).toBe('');
  });

  it('no secret, at any level', async () => {
    const path = file('redstart.conf', 'requirepass sesame-1', 'masterauth sesame-2');
    const options = ['--tls-key-file-pass', 'sesame-3', '--loglevel', 'debug'];
    const server = await serve([path, '--port', port, ...options]);
    const client = await RespClient.connect(Number(port));
    for (const command of [
      ['AUTH', 'sesame-wrong'],
      ['AUTH', 'default', 'sesame-wrong'],
      ['HELLO', '3', 'AUTH', 'default', 'sesame-1'],
      ['AUTH', 'sesame-1', 'sesame-1', 'sesame-1'],
      ['CONFIG', 'SET', 'masterauth', 'sesame-4'],
      ['CONFIG', 'SET', 'requirepass', 'sesame-5', 'maxclients', 'x'],
      ['CONFIG', 'SET', 'requirepass', 'sesame-6'],
      ['AUTH', 'sesame-6'],
      ['DEBUG', 'LOG', 'nothing to hide'],
    ]) {
      await client.call(...command);
    }
    client.sendBytes(Buffer.from('AUTH "sesame-7\r\n'));
    await client.untilClosed(1_000);
    expect(await server.signal('SIGTERM')).toBe(0);
    expect(server.stdout + server.stderr).not.toContain('sesame');
  });
});

describe('the process', () => {
  it('has a file with its id while it runs', async () => {
    const path = join(dir, 'redstart.pid');
    const server = await serve(['--port', port, '--pidfile', 'redstart.pid']);
    expect(readFileSync(path, 'utf8')).toBe(`${server.process.pid}\n`);
    expect(await server.signal('SIGTERM')).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('serves without that file where it cannot be written, and says so', async () => {
    const server = await serve(['--port', port, '--pidfile', 'missing/redstart.pid']);
    expect(server.stdout).toContain('Failed to write PID file');
    expect(await server.signal('SIGTERM')).toBe(0);
  });

  it('goes on when nobody reads its log any more', async () => {
    const server = await serve(['--port', port, '--loglevel', 'debug']);
    server.process.stdout?.destroy();
    const client = await RespClient.connect(Number(port));
    for (let i = 0; i < 20; i++) await client.call('CONFIG', 'SET', 'loglevel', 'debug');
    client.sendBytes(Buffer.from('*x\r\n'));
    await client.untilClosed(1_000);
    const next = await RespClient.connect(Number(port));
    expect(await next.call('PING')).toEqual({ type: 'simple', text: 'PONG' });
    await next.close();
    expect(await server.signal('SIGTERM')).toBe(0);
  });

  it('answers soon after its start', async () => {
    const START_MS_MAX = 5_000;
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const server = run(['--port', port, '--save', '']);
      const client = await connectWhenReady();
      await client.call('PING');
      times.push(performance.now() - server.startedMs);
      await client.close();
      expect(await server.signal('SIGTERM')).toBe(0);
    }
    const shown = times.map((ms) => ms.toFixed(0)).join(', ');
    console.log(`from start to the first PONG: ${shown} ms`);
    expect(Math.min(...times)).toBeLessThan(START_MS_MAX);
  });
});

/** Connects as soon as there is somebody to connect to. */
async function connectWhenReady(): Promise<RespClient> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await RespClient.connect(Number(port));
    } catch (problem) {
      if (Date.now() > deadline) throw problem;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

async function untilContains(path: string, text: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!readFileSync(path, 'utf8').includes(text)) {
    if (Date.now() > deadline) throw new Error(`no "${text}" in:\n${readFileSync(path, 'utf8')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

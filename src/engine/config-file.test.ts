import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from './config.ts';
import { SECRET_MASK } from './config-directive.ts';
import { ConfigurationError } from './config-error.ts';
import { loadConfiguration } from './config-file.ts';
import { rewriteConfiguration } from './config-rewrite.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'redstart-file-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(name: string, ...lines: readonly (string | Buffer)[]): string {
  const path = join(root, name);
  const bytes = lines.map((line) => Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
  writeFileSync(path, Buffer.concat(bytes));
  return path;
}

function load(argv: readonly string[], stdin = ''): Promise<Config> {
  return loadConfiguration(argv, async () => Buffer.from(stdin), {
    version: '1.2.3',
    workingDirectory: root,
  });
}

/** The text of a refusal. */
async function refusal(argv: readonly string[], stdin = ''): Promise<string> {
  try {
    await load(argv, stdin);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function fatal(lineNumber: number, line: string, reason: string): string {
  return [
    '*** FATAL CONFIG FILE ERROR (Redstart 1.2.3) ***',
    `Reading the configuration file, at line ${lineNumber}`,
    `>>> '${line}'`,
    reason,
  ].join('\n');
}

describe('a configuration file', () => {
  it('has directives, comments and empty lines; the last line wins', async () => {
    write(
      'a.conf',
      '# a comment',
      '',
      '  \t',
      'PORT   7000\t',
      'port 7001\r',
      '\thz 20 ',
      '#hz 30',
    );
    const { values, source } = await load(['a.conf']);
    expect(values.port).toBe(7001);
    expect(values.hz).toBe(20);
    expect(source.file).toBe(join(root, 'a.conf'));
  });

  it('has quotes as in redis.conf', async () => {
    write(
      'a.conf',
      'logfile "a \\"b\\" \\x41"',
      "pidfile 'it\\'s'",
      'aclfile ""',
      '"port" \'7000\'',
    );
    const { values } = await load(['a.conf']);
    expect(values.logfile).toBe('a "b" A');
    expect(values.pidfile).toBe("it's");
    expect(values.aclfile).toBe('');
    expect(values.port).toBe(7000);
  });

  it('needs no last line break', async () => {
    writeFileSync(join(root, 'a.conf'), 'hz 20\nport 7000');
    expect((await load(['a.conf'])).values.port).toBe(7000);
  });

  it('may give save points over several lines, which replace the default', async () => {
    write('a.conf', 'save 900 1', 'save 300 10 60 10000');
    expect((await load(['a.conf'])).values.save).toEqual([
      { seconds: 900, changes: 1 },
      { seconds: 300, changes: 10 },
      { seconds: 60, changes: 10000 },
    ]);
    expect((await load(['a.conf', '--save', ''])).values.save).toEqual([]);
    expect((await load(['a.conf', '--save', '1', '1'])).values.save).toHaveLength(4);
  });

  it('keeps lines for others to act on', async () => {
    write('a.conf', 'user alice on >pw', 'rename-command GET ""', 'user bob off');
    const { source } = await load(['a.conf']);
    expect(source.users.map(({ args }) => args.join(' '))).toEqual(['alice on >pw', 'bob off']);
    expect(source.users.map(({ origin }) => origin)).toEqual([
      { lineNumber: 1, shownLine: 'user alice on >********' },
      { lineNumber: 3, shownLine: 'user bob off' },
    ]);
    expect(source.renames.map(({ args }) => args.map(String))).toEqual([['GET', '']]);
  });

  it('may have directives that mean nothing any more', async () => {
    write(
      'a.conf',
      'list-max-ziplist-entries 4',
      'list-max-ziplist-value 5',
      'lua-replicate-commands yes',
    );
    expect((await load(['a.conf'])).values.port).toBe(6379);
  });

  it('is read from the standard input between the file and the options', async () => {
    write('a.conf', 'port 1', 'hz 1', 'timeout 1');
    const { values } = await load(['a.conf', '--timeout', '3', '-'], 'hz 2\ntimeout 2\n');
    expect([values.port, values.hz, values.timeout]).toEqual([1, 2, 3]);
  });

  it('is not read from the standard input unless it is asked for', async () => {
    const never = () => Promise.reject(new Error('read'));
    const { source } = await loadConfiguration(['--port', '1'], never, { version: '' });
    expect(source.file).toBeUndefined();
  });
});

describe('include', () => {
  beforeEach(() => {
    mkdirSync(join(root, 'conf.d'));
    mkdirSync(join(root, 'data'));
  });

  it('reads files where it stands, in order', async () => {
    write('conf.d/2.conf', 'hz 2', 'port 2', 'save 2 2');
    write('conf.d/1.conf', 'hz 1', 'timeout 1', 'save 1 1');
    write(
      'a.conf',
      'hz 9',
      'save 9 9',
      'include conf.d/*.conf',
      'port 9',
      'include none/*.conf',
      'save 8 8',
    );
    const { values } = await load(['a.conf']);
    expect([values.hz, values.timeout, values.port]).toEqual([2, 1, 9]);
    expect(values.save.map(({ seconds }) => seconds)).toEqual([9, 1, 2, 8]);
  });

  it('starts at the data directory, as in redis-server', async () => {
    write('data/b.conf', 'hz 77');
    write('a.conf', 'dir data', 'include b.conf');
    const { values } = await load(['a.conf']);
    expect(values.dir).toBe(join(root, 'data'));
    expect(values.hz).toBe(77);
  });

  it('must find a file that has no wildcard', async () => {
    write('a.conf', 'include nosuch.conf');
    expect(await refusal(['a.conf'])).toBe(
      "Fatal error, can't open config file 'nosuch.conf': No such file or directory",
    );
  });

  it('tells the line of the included file', async () => {
    write('b.conf', '', 'hz x');
    write('a.conf', '', '', '', 'include b.conf');
    expect(await refusal(['a.conf'])).toBe(
      fatal(2, 'hz x', "argument couldn't be parsed into an integer"),
    );
  });

  it('cannot include itself', async () => {
    write('a.conf', 'include b.conf');
    write('b.conf', 'hz 5', 'include b.conf');
    expect(await refusal(['a.conf'])).toBe(fatal(2, 'include b.conf', "'b.conf' includes itself"));
    write('c.conf', 'include c.conf');
    expect(await refusal(['c.conf'])).toBe(fatal(1, 'include c.conf', "'c.conf' includes itself"));
  });
});

describe('a refused configuration', () => {
  it.each([
    ['foo bar', 'Bad directive or wrong number of arguments'],
    ['__proto__ 1', 'Bad directive or wrong number of arguments'],
    ['include', 'Bad directive or wrong number of arguments'],
    ['include a b', 'Bad directive or wrong number of arguments'],
    ['user', 'Bad directive or wrong number of arguments'],
    ['rename-command GET', 'Bad directive or wrong number of arguments'],
    ['lua-replicate-commands', 'Bad directive or wrong number of arguments'],
    ['port', 'wrong number of arguments'],
    ['port 1 2', 'wrong number of arguments'],
    ['port "1', 'Unbalanced quotes in configuration line'],
    ['sentinel a', 'sentinel directive while not in sentinel mode'],
    ['loadmodule /a.so', 'Redstart cannot load modules'],
    ['cluster-enabled yes', 'Redstart has no cluster mode'],
  ])('%s', async (line, reason) => {
    write('a.conf', '# first', line);
    expect(await refusal(['a.conf'])).toBe(fatal(2, line, reason));
  });

  it('that asks to run in the background is told what to do instead', async () => {
    const [reason] = (await refusal(['-'], 'daemonize yes')).split('\n').slice(3);
    expect(reason).toMatch(/cannot put itself in the background.*supervisor/);
    expect((await load(['-'], 'daemonize no')).values.daemonize).toBe(false);
  });

  it('tells where an option stands behind the file, as redis-server counts', async () => {
    write('a.conf', 'hz 5', 'hz 6');
    expect(await refusal(['a.conf', '--port', 'x'])).toBe(
      fatal(4, 'port "x"', "argument couldn't be parsed into an integer"),
    );
    expect(await refusal(['--port', 'x'])).toBe(
      fatal(2, 'port "x"', "argument couldn't be parsed into an integer"),
    );
    expect(await refusal(['-'], 'port x')).toBe(
      fatal(1, 'port x', "argument couldn't be parsed into an integer"),
    );
  });

  it('does not show secrets', async () => {
    const shown = await Promise.all([
      refusal(['--requirepass', 'hunter2', 'x']),
      refusal(['-'], 'REQUIREPASS "hunter2'),
      refusal(['-'], 'masterauth hunter2 x'),
      refusal(['-'], 'tls-key-file-pass hunter2 x'),
      refusal(['-'], 'user alice ">hunter2 on'),
    ]);
    expect(shown.join('\n')).not.toContain('hunter2');
    expect(shown.map((text) => text.split('\n')[2])).toEqual([
      ">>> 'requirepass ********'",
      ">>> 'REQUIREPASS ********'",
      ">>> 'masterauth ********'",
      ">>> 'tls-key-file-pass ********'",
      ">>> 'user alice >******** on'",
    ]);
  });

  it('may be a file that is not there or is no file', async () => {
    expect(await refusal(['none.conf'])).toBe(
      `Fatal error, can't open config file '${join(root, 'none.conf')}': No such file or directory`,
    );
    expect(await refusal([root])).toMatch(/^Fatal error, can't open config file .*directory$/);
  });
});

describe('secrets', () => {
  it('are erased in what was read', async () => {
    const stdin = Buffer.from('requirepass hunter2\n');
    const config = await loadConfiguration(['-'], async () => stdin, { version: '' });
    expect(config.values.requirepass?.matches(Buffer.from('hunter2'))).toBe(true);
    expect(stdin.equals(Buffer.alloc(stdin.length))).toBe(true);
  });
});

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

describe(`any value (SEED=${seed})`, () => {
  const anyText = fc
    .string({ unit: 'binary', maxLength: 40 })
    .map((text) => text.replaceAll('\0', ''));

  it('comes through the command line, and through a rewritten file, as it is', async () => {
    write('a.conf', '# empty');
    const property = fc.asyncProperty(anyText, anyText, async (user, password) => {
      fc.pre(password !== SECRET_MASK);
      const argv = ['a.conf', '--masteruser', user, '--masterauth', password, '--hz', '5'];
      const config = await load(argv);
      expect(config.values.masteruser).toBe(user);
      expect(config.values.masterauth?.toString() ?? '').toBe(password);
      write('a.conf', '# empty');
      expect(rewriteConfiguration(config, undefined)).toBeUndefined();
      const again = await load(['a.conf']);
      expect(again.values.masteruser).toBe(user);
      expect(again.values.masterauth?.toString() ?? '').toBe(password);
    });
    await fc.assert(property, { seed, numRuns: 100 });
  });
});

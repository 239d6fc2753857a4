import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RespClient } from '../support/resp-client.ts';
import { available, type RunningServer, startTestServer } from '../support/server.ts';

const OUTPUT_MS_MAX = 10_000;

let server: RunningServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  const client = await RespClient.connect(server.port);
  await client.call('FLUSHALL');
  await client.close();
});

describe.skipIf(!available('redis-cli'))('redis-cli (skipped where there is none)', () => {
  const cli = (args: string, input = '') => run('redis-cli', args, input);
  const redisCli = (args: string) =>
    new Running('redis-cli', ['-p', String(server.port), ...args.split(' ')]);

  it('runs commands given as arguments', async () => {
    expect(await cli('set greeting hello')).toBe('OK\n');
    expect(await cli('get greeting')).toBe('hello\n');
    expect(await cli('get missing')).toBe('\n');
    expect(await cli('incr greeting')).toContain('ERR value is not an integer or out of range');
    expect(await cli('-n 3 dbsize')).toBe('0\n');
    expect(await cli('-r 3 incr n')).toBe('1\n2\n3\n');
    expect(await cli('-x set piped', 'from stdin')).toBe('OK\n');
    expect(await cli('get piped')).toBe('from stdin\n');
  });

  it('prints RESP2, RESP3, CSV and JSON', async () => {
    expect(await cli('config get maxmemory')).toBe('maxmemory\n0\n');
    expect(await cli('-3 config get maxmemory')).toBe('maxmemory 0\n');
    expect(await cli('--json config get maxmemory')).toBe('{"maxmemory":"0"}\n');
    expect(await cli('--csv config get maxmemory')).toBe('"maxmemory","0"\n');
    expect(await cli('--no-raw get missing')).toBe('(nil)\n');
  });

  it('authenticates with -a, --user and a URI', async () => {
    await cli('config set requirepass sesame');
    try {
      expect(await cli('get k')).toContain('NOAUTH Authentication required.');
      expect(await cli('--no-auth-warning -a sesame ping')).toBe('PONG\n');
      expect(await cli('--no-auth-warning --user default --pass sesame ping')).toBe('PONG\n');
      expect(await cli('--no-auth-warning -a wrong ping')).toContain('WRONGPASS');
      const uri = `redis://default:sesame@127.0.0.1:${server.port}/2`;
      expect(await cli(`--no-auth-warning -u ${uri} ping`)).toBe('PONG\n');
    } finally {
      expect(
        await run('redis-cli', '--no-auth-warning -a sesame config set requirepass', '', ''),
      ).toBe('OK\n');
    }
  });

  it('reads commands from its input, and helps', async () => {
    const output = await cli('', 'set k "two words"\nget k\nhelp set\nhelp @string\n');
    expect(output).toContain('OK\ntwo words\n');
    expect(output).toMatch(/SET.*key value \[NX\s?\|\s?XX\]/);
    expect(output).toMatch(/INCRBYFLOAT.*key increment/);
  });

  it.skipIf(!available('script'))(
    'shows hints at a terminal (skipped without script)',
    async () => {
      // script gives redis-cli the terminal it wants; its input stays open until the hint is there.
      const command = `stty cols 100 rows 30; exec redis-cli -p ${server.port}`;
      const terminal = new Running('script', ['-qefc', command, '/dev/null']);
      try {
        await terminal.until(/> /);
        terminal.write('getrange ');
        await terminal.until(/getrange .*key start end/);
      } finally {
        await terminal.stop();
      }
    },
  );

  it('scans with --scan and --bigkeys', async () => {
    const lines = Array.from({ length: 1_500 }, (_, i) => `SET key:${i} ${'x'.repeat(i + 1)}\r\n`);
    expect(await cli('--pipe', lines.join(''))).toContain('errors: 0, replies: 1500');
    const keys = (await cli('--scan --pattern key:1*')).trim().split('\n');
    expect(new Set(keys).size).toBe(611);
    expect((await cli('--scan')).trim().split('\n').length).toBeGreaterThanOrEqual(1_500);
    const report = await cli('--bigkeys');
    expect(report).toContain('Sampled 1500 keys in the keyspace!');
    expect(report).toMatch(/Biggest string found .*key:1499.* has 1500 bytes/);
    expect(report).toContain('1500 strings with 1125750 bytes (100.00% of keys');
  });

  it('sums up memory with --memkeys', async () => {
    await cli('mset a 1 b 2');
    expect(await cli('--memkeys')).toMatch(/Biggest string found .* has \d+ bytes/);
  });

  it('loads a mass of commands with --pipe, and counts the errors', async () => {
    const commands = Array.from({ length: 20_000 }, (_, i) => {
      const value = String(i);
      return `*3\r\n$3\r\nSET\r\n$${value.length + 1}\r\nk${value}\r\n$${value.length}\r\n${value}\r\n`;
    });
    const output = await cli('--pipe', `${commands.join('')}INCR k1\r\nNOSUCH\r\n`);
    expect(output).toContain('errors: 1, replies: 20002');
    expect(await cli('dbsize')).toBe('20000\n');
    expect(await cli('get k12345')).toBe('12345\n');
  });

  it('samples with --stat', async () => {
    await cli('set k v');
    const stat = redisCli('--stat -i 0.05');
    try {
      // redis-cli writes to a pipe in blocks: many lines until the first block is full.
      await stat.until(/keys\s+mem\s+clients\s+blocked\s+requests.*\n1 +\d/s);
    } finally {
      await stat.stop();
    }
  });

  it('measures with --latency', async () => {
    const sample = await cli('--latency -i 0.2');
    expect(sample).toMatch(/^\d+ \d+ \d+\.\d+ \d+\n$/);
  });

  it('follows with MONITOR', async () => {
    const monitor = redisCli('monitor');
    try {
      await monitor.until(/OK/);
      await cli('set watched 1');
      await monitor.until(/\[0 127\.0\.0\.1:\d+\] "set" "watched" "1"/);
    } finally {
      await monitor.stop();
    }
  });
});

describe.skipIf(!available('redis-benchmark'))(
  'redis-benchmark (skipped where there is none)',
  () => {
    const TESTS = ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'MSET (10 keys)'];

    it.each(['-n 2000 -c 20', '-n 4000 -c 20 -P 16', '-n 2000 -c 20 -k 0', '-n 2000 -r 1000 -3'])(
      'runs its tests with %s',
      async (options) => {
        const output = await run('redis-benchmark', `-t ping,set,get,incr,mset --csv ${options}`);
        const [, table = ''] = output.split('"max_latency_ms"\n');
        const rates = table
          .trim()
          .split('\n')
          .map((row) => row.split(',').map((cell) => cell.replaceAll('"', '')));
        expect(rates.map(([test]) => test)).toEqual(TESTS);
        for (const [, rate] of rates) expect(Number(rate)).toBeGreaterThan(0);
      },
    );
  },
);

/** The output of a tool, stderr included, once it has ended; throws unless its code is 0 or 1. */
async function run(tool: string, args: string, input = '', lastArg?: string): Promise<string> {
  const words = args.split(' ').filter((word) => word !== '');
  const last = lastArg === undefined ? [] : [lastArg];
  const running = new Running(tool, ['-p', String(server.port), ...words, ...last]);
  running.type(input);
  const code = await running.ended();
  if (code > 1) throw new Error(`${tool} ${args} ended with ${code}: ${running.output}`);
  return running.output;
}

/** A tool while it runs, and what it has printed so far. */
class Running {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number>;
  output = '';

  constructor(tool: string, args: readonly string[]) {
    this.#child = spawn(tool, args, { env: { ...process.env, TERM: 'xterm' } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    // A tool may end without having read all of its input.
    this.#child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => resolve(code ?? 0));
    });
  }

  /** Types a text; the tool's input stays open. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Gives the tool all of its input. */
  type(input: string): void {
    this.#child.stdin.end(input);
  }

  /** The exit code, once there is one. */
  ended(): Promise<number> {
    return this.#ended;
  }

  /** Waits until the output matches. */
  async until(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + OUTPUT_MS_MAX;
    while (!pattern.test(this.output)) {
      if (Date.now() > deadline) throw new Error(`no ${pattern} in ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends the tool if it has not ended. */
  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

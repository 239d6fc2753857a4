/**
 * What scripts cost the server: CPU time per run, beside redis-server. The servers take turns,
 * several rounds, medians.
 *
 * Short scripts are sent by 50 connections with 16 commands in flight each, as in `npm run bench`;
 * long ones, which show what a call of a command or an instruction costs within a script, by one
 * connection, one after the other.
 */
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { runCommand } from './command-line.ts';
import { cpuMicrosBetween, readCpu } from './cpu.ts';
import { runLoad } from './load.ts';
import { commonOptions, optionalCount, subjectOf } from './options.ts';
import { Progress } from './progress.ts';
import { encodeCommand, INDEX, templateBatches } from './requests.ts';
import { redisCommand, type Server, startServers } from './servers.ts';
import { median } from './statistics.ts';
import { formatTable } from './table.ts';

const HELP = `Usage: npm run bench:scripts -- [options]

CPU time of the server per run of a script.

  --only A,B          only the scripts whose names contain one of these
  --rounds N          rounds per server and script (5)
  --node PATH         the node binary that runs Redstart (default: the one running this)
  --subject 'CMD'     another server in Redstart's place
  --help              this text
`;

const CONNECTIONS = 50;
const PIPELINE = 16;
const LOAD_MS_MAX = 15_000;

/** A script and how it is called. */
interface Case {
  readonly name: string;
  readonly code: string;
  /** The arguments behind the number of keys; the first `keys` are keys. */
  readonly args: readonly string[];
  readonly keys: number;
  /** Runs per round. */
  readonly runs: number;
  /** Whether runs come one after the other on one connection. */
  readonly isLong?: true;
  /** How the script is named in the call. */
  readonly by?: 'EVAL' | 'FCALL';
  /** Calls of commands, or turns of the loop, in one run; the figure is per one of these. */
  readonly turns?: number;
}

const GET = `return redis.call('GET', KEYS[1])`;
const key = `key:${INDEX}`;
const loop = (turns: number, body: string) =>
  `local a, b = 0, {} for i = 1, ${turns} do ${body} end return a`;

/** A loop of commands: the figure is that of one call. */
function calls(name: string, body: string): Case {
  const turns = 10_000;
  return {
    name,
    code: loop(turns, body),
    args: ['k', 'v'],
    keys: 1,
    runs: 40,
    isLong: true,
    turns,
  };
}

/** A loop without commands: the figure is that of one turn. */
function pure(name: string, turns: number, body: string, before = ''): Case {
  return {
    name,
    code: before + loop(turns, body),
    args: [],
    keys: 0,
    runs: 6,
    isLong: true,
    turns,
  };
}

const RATE_LIMIT = `local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n <= tonumber(ARGV[2]) and 1 or 0`;
const SHORT = { keys: 1, runs: 100_000 } as const;

const CASES: readonly Case[] = [
  { name: 'EVALSHA return 1', code: 'return 1', args: [], keys: 0, runs: 100_000 },
  { name: 'EVALSHA GET', code: GET, args: [key], ...SHORT },
  { name: 'EVAL GET', code: GET, args: [key], ...SHORT, by: 'EVAL' },
  { name: 'FCALL GET', code: GET, args: [key], ...SHORT, by: 'FCALL' },
  {
    name: 'EVALSHA SET',
    code: `return redis.call('SET', KEYS[1], ARGV[1])`,
    args: [key, 'x'.repeat(64)],
    ...SHORT,
  },
  {
    name: 'EVALSHA rate limit',
    code: RATE_LIMIT,
    args: [`limit:${INDEX}`, '600', '100'],
    ...SHORT,
  },
  calls('loop of GET', `redis.call('GET', KEYS[1])`),
  calls('loop of SET', `redis.call('SET', KEYS[1], ARGV[1])`),
  calls('loop of INCR', `redis.call('INCR', 'n')`),
  calls('loop of GET, key made', `redis.call('GET', 'key:' .. i)`),
  calls('loop of LRANGE 0 9', `redis.call('LRANGE', 'list', 0, 9)`),
  calls('loop of PING', `redis.call('PING')`),
  pure('sum', 2_000_000, 'a = a + i * 2 % 7'),
  pure('table', 1_000_000, 'b[i % 1000 + 1] = i a = a + #b'),
  pure('text', 300_000, `a = a + #('x' .. i .. 'y')`),
  pure('string.sub', 500_000, `a = a + #string.sub('some text', 2, 4)`),
  pure('function', 1_000_000, 'a = f(a)', 'local function f(x) return x + 1 end '),
  pure('pcall', 100_000, 'pcall(f)', 'local function f() return 1 end '),
  pure('cjson', 50_000, `a = #cjson.encode(cjson.decode('{"a":[1,2,3],"b":"text"}'))`),
  pure('cmsgpack', 50_000, `a = #cmsgpack.unpack(cmsgpack.pack({1, 2, 3, 'text'}))`),
];

/** One command, answered; rejects on an error. */
function ask(server: Server, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      const text = data.toString();
      if (text.startsWith('-')) reject(new Error(`${server.name}: ${text.trim()}`));
      else resolve(text);
    });
    socket.write(encodeCommand(args));
  });
}

/** The command that runs a script, once the server knows it. */
async function prepared(server: Server, each: Case): Promise<string[]> {
  const tail = [String(each.keys), ...each.args];
  if (each.by === 'EVAL') return ['EVAL', each.code, ...tail];
  if (each.by === 'FCALL') {
    const body = each.code.replace('KEYS[1]', 'keys[1]');
    const code = `redis.register_function('f', function(keys, args) ${body} end)`;
    await ask(server, ['FUNCTION', 'LOAD', 'REPLACE', `#!lua name=bench\n${code}`]);
    return ['FCALL', 'f', ...tail];
  }
  const sha1 = (await ask(server, ['SCRIPT', 'LOAD', each.code])).split('\r\n')[1]!;
  return ['EVALSHA', sha1, ...tail];
}

/** Microseconds of the server's CPU per run, or per turn of the script's loop. */
async function measure(server: Server, each: Case): Promise<number> {
  const command = await prepared(server, each);
  const perBatch = each.isLong ? 1 : PIPELINE;
  const connections = each.isLong ? 1 : CONNECTIONS;
  const source = templateBatches(command, { from: 0, to: each.runs }, perBatch);
  const before = readCpu(server.pid);
  await withDeadline(runLoad(source, { port: server.port, connections }), each.name);
  const micros = cpuMicrosBetween(before, readCpu(server.pid));
  return micros / (each.runs * (each.turns ?? 1));
}

async function withDeadline<T>(work: Promise<T>, name: string): Promise<T> {
  const late = new AbortController();
  const deadline = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} takes too long`)), LOAD_MS_MAX);
    late.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    late.abort();
  }
}

/** The keys that scripts read. */
async function fill(server: Server): Promise<void> {
  await ask(server, ['SET', 'k', 'v'.repeat(64)]);
  await ask(server, ['RPUSH', 'list', ...Array.from({ length: 10 }, (_, i) => `element ${i}`)]);
  const source = templateBatches(['SET', key, 'v'.repeat(64)], { from: 0, to: 100_000 }, 1000);
  await runLoad(source, { port: server.port, connections: 4 });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, rounds: { type: 'string' }, ...commonOptions },
  });
  if (values.help) return console.log(HELP);
  const rounds = optionalCount('rounds', values.rounds) ?? 5;
  const wanted = values.only?.split(',');
  const chosen = CASES.filter(({ name }) => wanted?.some((part) => name.includes(part)) ?? true);
  if (chosen.length === 0) throw new Error(`no script is called '${values.only}'`);

  const servers = await startServers([subjectOf(values), redisCommand]);
  const progress = new Progress(chosen.length * (rounds + 1) * servers.length);
  const rows: string[][] = [];
  try {
    for (const server of servers) await fill(server);
    for (const each of chosen) {
      const found = servers.map(() => [] as number[]);
      // Round 0 is for the compilers and the caches.
      for (let round = 0; round <= rounds; round++) {
        for (const [i, server] of servers.entries()) {
          progress.doing(`${each.name}, ${server.name}`);
          const micros = await measure(server, each);
          if (round > 0) found[i]!.push(micros);
          progress.advance();
        }
      }
      rows.push(rowOf(each, found[0]!, found[1]!));
      progress.done(rows.at(-1)!.join('  '));
    }
    progress.stop();
    const columns = ['CPU time', 'of one', ...servers.map(({ name }) => name), 'ratio', 'range'];
    console.log(formatTable(columns.map(aligned), rows));
  } finally {
    progress.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function rowOf(each: Case, subject: readonly number[], redis: readonly number[]): string[] {
  const shown = (micros: number) =>
    micros < 0.1 ? `${(micros * 1000).toFixed(1)} ns` : `${micros.toFixed(2)} us`;
  const ratios = subject.map((micros, i) => micros / redis[i]!);
  const unit = each.turns === undefined ? 'run' : each.code.includes('redis.') ? 'call' : 'turn';
  const range = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const ratio = (median(subject) / median(redis)).toFixed(2);
  return [each.name, unit, shown(median(subject)), shown(median(redis)), ratio, range];
}

function aligned(title: string, i: number): { title: string; align: 'left' | 'right' } {
  return { title, align: i < 2 ? 'left' : 'right' };
}

runCommand(main);

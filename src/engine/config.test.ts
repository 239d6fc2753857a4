import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { RespClient } from '../../test/support/resp-client.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { type RunningServer, redisAvailable, startRedis } from '../../test/support/server.ts';
import { Config } from './config.ts';
import { ConfigRejection, SECRET_MASK } from './config-directive.ts';
import { Settings } from './config-settings.ts';
import { DIRECTIVE_NAMES } from './config-table.ts';
import type { PasswordHash } from './password.ts';

function newConfig(): Config {
  return new Config(new Settings(process.cwd()));
}

/** CONFIG SET by a client from this machine while nothing is being loaded. */
function set(config: Config, ...words: readonly string[]): string | undefined {
  return setWhen(config, { isLocal: true, isLoading: false }, ...words);
}

function setWhen(
  config: Config,
  circumstances: { isLocal: boolean; isLoading: boolean },
  ...words: readonly string[]
): string | undefined {
  const pairs: Array<[Buffer, Buffer]> = [];
  for (let at = 0; at < words.length; at += 2) {
    pairs.push([Buffer.from(words[at]!, 'latin1'), Buffer.from(words[at + 1]!, 'latin1')]);
  }
  return config.set(pairs, circumstances);
}

function get(config: Config, ...patterns: readonly string[]): string[] {
  return config.get(patterns.map((pattern) => Buffer.from(pattern))).map((pair) => pair.join('='));
}

function failure(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

describe('values', () => {
  it('are typed and current', () => {
    const { values } = newConfig();
    expectTypeOf(values.maxclients).toEqualTypeOf<number>();
    expectTypeOf(values.appendonly).toEqualTypeOf<boolean>();
    expectTypeOf(values.appendfsync).toEqualTypeOf<'everysec' | 'always' | 'no'>();
    expectTypeOf(values.requirepass).toEqualTypeOf<PasswordHash | undefined>();
    expectTypeOf(values.bind).toEqualTypeOf<readonly string[]>();
    const config = newConfig();
    const held = config.values;
    expect(set(config, 'maxclients', '77')).toBeUndefined();
    expect(held.maxclients).toBe(77);
  });

  it('have one for every directive', () => {
    expect(Object.keys(newConfig().values)).toEqual(DIRECTIVE_NAMES);
  });

  it('belong to one configuration', () => {
    const one = newConfig();
    const other = newConfig();
    set(one, 'client-output-buffer-limit', 'normal 1 2 3');
    expect(one.values['client-output-buffer-limit'].normal.hardBytes).toBe(1);
    expect(other.values['client-output-buffer-limit'].normal.hardBytes).toBe(0);
  });
});

describe('CONFIG GET', () => {
  it('answers names and patterns, each name once', () => {
    const config = newConfig();
    expect(get(config, 'maxclients', 'MAXCLIENTS', 'maxc*')).toEqual(['maxclients=10000']);
    expect(get(config, 'maxc*', 'MAXCLIENTS')).toEqual(['maxclients=10000']);
    expect(get(config, 'slowlog-*')).toEqual([
      'slowlog-log-slower-than=10000',
      'slowlog-max-len=128',
    ]);
    expect(get(config, 'MAXMEMORY-POL[hi]CY')).toEqual(['maxmemory-policy=noeviction']);
  });

  it('answers a name as it was written, and an alias beside its name', () => {
    const config = newConfig();
    expect(get(config, 'Slave-Priority')).toEqual(['Slave-Priority=100']);
    expect(get(config, '*-priority')).toEqual(['replica-priority=100', 'slave-priority=100']);
  });

  it('answers hidden directives by name only', () => {
    const config = newConfig();
    expect(get(config, 'watchdog-*')).toEqual([]);
    expect(get(config, 'watchdog-period')).toEqual(['watchdog-period=0']);
  });

  it('answers nothing for what is no directive', () => {
    const none = [
      '',
      'nosuch',
      'nosuch*',
      '[',
      'max\0memory',
      'a\\b',
      '__proto__',
      'constructor',
      'user',
    ];
    expect(get(newConfig(), ...none)).toEqual([]);
  });

  it('answers everything to a star, in the order of the table', () => {
    const names = newConfig()
      .get([Buffer.from('*')])
      .map(([name]) => name);
    expect(names.indexOf('bind')).toBeLessThan(names.indexOf('maxmemory'));
    expect(names.length).toBeGreaterThan(190);
    expect(new Set(names).size).toBe(names.length);
  });

  it('never answers a secret', () => {
    const config = newConfig();
    const secrets = ['requirepass', 'masterauth', 'tls-key-file-pass', 'tls-client-key-file-pass'];
    for (const name of secrets) {
      expect(get(config, name)).toEqual([`${name}=`]);
      expect(set(config, name, 'hunter2')).toBeUndefined();
      expect(get(config, name)).toEqual([`${name}=${SECRET_MASK}`]);
    }
    expect(get(config, '*').join('\n')).not.toContain('hunter2');
    expect(config.values.masterauth?.toString()).toBe('hunter2');
  });
});

describe('CONFIG SET', () => {
  it('sets several at once', () => {
    const config = newConfig();
    expect(set(config, 'timeout', '5', 'MaxMemory', '1kb', 'slave-priority', '7')).toBeUndefined();
    expect(get(config, 'timeout', 'maxmemory', 'replica-priority')).toEqual([
      'timeout=5',
      'maxmemory=1024',
      'replica-priority=7',
    ]);
  });

  it('sets all or none', () => {
    const config = newConfig();
    expect(set(config, 'timeout', '5', 'maxmemory', '1kb', 'hz', 'x')).toBe(
      failure('hz', "argument couldn't be parsed into an integer"),
    );
    expect(config.values.timeout).toBe(0);
    expect(get(config, 'timeout', 'maxmemory')).toEqual(['timeout=0', 'maxmemory=0']);
  });

  it('lets the last of a name and its alias win', () => {
    const config = newConfig();
    expect(set(config, 'slave-priority', '1', 'replica-priority', '2')).toBeUndefined();
    expect(config.values['replica-priority']).toBe(2);
    expect(set(config, 'slave-priority', '3', 'replica-priority', 'x')).toMatch(/^ERR/);
    expect(config.values['replica-priority']).toBe(2);
  });

  it('puts no line break of a client into an error', () => {
    expect(set(newConfig(), 'no\r\nsuch', '1')).toBe(
      "ERR Unknown option or number of arguments for CONFIG SET - 'no  such'",
    );
  });

  it('gives back no more than the beginning of a name that there is not', () => {
    expect(set(newConfig(), 'n'.repeat(5000), '1')).toBe(
      `ERR Unknown option or number of arguments for CONFIG SET - '${'n'.repeat(128)}'`,
    );
  });

  it('leaves the arguments as they are', () => {
    const value = Buffer.from('secret');
    newConfig().set([[Buffer.from('requirepass'), value]], { isLocal: true, isLoading: false });
    expect(value.toString()).toBe('secret');
  });

  it('protects where files are written', () => {
    const protectedError = failure('dbfilename', "can't set protected config");
    const local = { isLocal: true, isLoading: false };
    const remote = { isLocal: false, isLoading: false };
    const config = newConfig();
    expect(setWhen(config, local, 'dbfilename', 'x.rdb')).toBe(protectedError);
    config.assign('enable-protected-configs', 'local');
    expect(setWhen(config, remote, 'dbfilename', 'x.rdb')).toBe(protectedError);
    expect(setWhen(config, local, 'dbfilename', 'x.rdb')).toBeUndefined();
    config.assign('enable-protected-configs', 'yes');
    expect(setWhen(config, remote, 'dbfilename', 'y.rdb')).toBeUndefined();
    expect(config.values.dbfilename).toBe('y.rdb');
    expect(setWhen(config, local, 'dbfilename', '../y.rdb')).toBe(
      failure('dbfilename', "dbfilename can't be a path, just a filename"),
    );
  });

  it('puts off what would disturb the loading of the data set', () => {
    const config = newConfig();
    const loading = { isLocal: true, isLoading: true };
    const error = 'LOADING Redis is loading the dataset in memory';
    expect(setWhen(config, loading, 'appendonly', 'yes')).toBe(error);
    expect(setWhen(config, loading, 'timeout', '1')).toBeUndefined();
    expect(config.values.appendonly).toBe(false);
  });

  it('refuses the mask as a secret, and forgets a password on an empty one', () => {
    const config = newConfig();
    expect(set(config, 'requirepass', 'foo')).toBeUndefined();
    expect(set(config, 'requirepass', SECRET_MASK)).toMatch(/is not a secret$/);
    expect(config.values.requirepass?.matches(Buffer.from('foo'))).toBe(true);
    expect(set(config, 'requirepass', '')).toBeUndefined();
    expect(config.values.requirepass).toBeUndefined();
  });
});

describe('listeners', () => {
  it('hear of changes, and only of changes', () => {
    const config = newConfig();
    const heard: number[] = [];
    config.onChange('timeout', (value) => {
      heard.push(value);
      return undefined;
    });
    set(config, 'timeout', '5');
    set(config, 'timeout', '5');
    set(config, 'hz', '20');
    set(config, 'timeout', '6', 'hz', 'x');
    set(config, 'timeout', '7');
    expect(heard).toEqual([5, 7]);
  });

  it('hear of a file again although its name is the same', () => {
    const config = newConfig();
    let calls = 0;
    config.onChange('tls-cert-file', () => {
      calls++;
      return undefined;
    });
    set(config, 'tls-cert-file', 'a.pem');
    set(config, 'tls-cert-file', 'a.pem');
    expect(calls).toBe(2);
  });

  it('see all values of one CONFIG SET, and are called once for it', () => {
    const config = newConfig();
    const seen: string[] = [];
    config.onAnyChange(['tls-cert-file', 'tls-key-file'], () => {
      seen.push(`${config.values['tls-cert-file']} ${config.values['tls-key-file']}`);
      return undefined;
    });
    set(config, 'tls-cert-file', 'a.pem', 'tls-key-file', 'b.pem');
    expect(seen).toEqual(['a.pem b.pem']);
  });

  it('may refuse, which puts everything back', () => {
    const config = newConfig();
    const heard: number[] = [];
    config.onChange('timeout', (value) => {
      heard.push(value);
      return undefined;
    });
    config.onChange('tls-port', (value) =>
      value === 1 ? 'Unable to listen on this port.' : undefined,
    );
    expect(set(config, 'hz', '50', 'timeout', '9', 'tls-port', '1')).toBe(
      failure('tls-port', 'Unable to listen on this port.'),
    );
    expect(heard).toEqual([9, 0]);
    expect(get(config, 'hz', 'timeout', 'tls-port')).toEqual(['timeout=0', 'tls-port=0', 'hz=10']);
    expect(config.values['tls-port']).toBe(0);
    expect(set(config, 'tls-port', '2')).toBeUndefined();
  });

  it('that fail to go back are reported', () => {
    const config = newConfig();
    config.onChange('timeout', (value) => (value === 0 ? 'cannot go back' : undefined));
    config.onChange('tls-port', () => 'no');
    expect(set(config, 'timeout', '9', 'tls-port', '1')).toBe(
      failure('tls-port', 'no; restoring failed too: cannot go back'),
    );
  });

  it('that throw leave nothing half done', () => {
    const config = newConfig();
    config.onChange('tls-port', () => {
      throw new Error('defect');
    });
    expect(() => set(config, 'timeout', '9', 'tls-port', '1')).toThrow('defect');
    expect(config.values.timeout).toBe(0);
    expect(config.values['tls-port']).toBe(0);
  });

  it('stop when they are told to', () => {
    const config = newConfig();
    let calls = 0;
    const count = (): undefined => {
      calls++;
    };
    const stopOne = config.onChange('timeout', count);
    config.onChange('timeout', count);
    set(config, 'timeout', '1');
    stopOne();
    set(config, 'timeout', '2');
    expect(calls).toBe(3);
  });
});

describe('assign', () => {
  it('changes what CONFIG SET may not', () => {
    const config = newConfig();
    expect(set(config, 'replicaof', 'host 1')).toMatch(/can't set immutable config$/);
    config.assign('replicaof', 'host', '1');
    expect(config.values.replicaof).toEqual({ host: 'host', port: 1 });
    expect(get(config, 'slaveof')).toEqual(['slaveof=host 1']);
    config.assign('replicaof', 'no', 'one');
    expect(config.values.replicaof).toBeUndefined();
  });

  it('tells listeners, who may refuse', () => {
    const config = newConfig();
    config.onChange('port', () => 'taken');
    expect(() => config.assign('port', '1')).toThrow(new ConfigRejection('taken'));
    expect(config.values.port).toBe(6379);
    expect(() => config.assign('port', 'x')).toThrow(ConfigRejection);
    expect(() => config.assign('port', '1', '2')).toThrow('wrong number of arguments');
  });
});

/** Pairs for which the answers of a redis-server are known not to depend on its machine. */
const COMPARED: ReadonlyArray<readonly string[]> = [
  ['nosuch', '1'],
  ['maxclients', '100', 'nosuch', '1'],
  ['nosuch', '1', 'databases', '1'],
  ['databases', '1', 'nosuch', '1'],
  ['databases', '4'],
  ['DataBases', 'x', 'maxclients', 'x'],
  ['hz', '7', 'HZ', '8', 'nosuch', '1'],
  ['maxclients', 'x', 'hz', 'x'],
  ['MAXCLIENTS', '0'],
  ['maxclients', '5000000000'],
  ['slave-priority', '-1'],
  ['Slave-Priority', 'x'],
  ['dir', '/tmp'],
  ['dbfilename', 'x'],
  ['unixsocket', 'x'],
  ['replicaof', 'host 1'],
  ['appendfilename', 'x'],
  ['tls-port', '70000'],
  ['tls-port', '05'],
  ['maxmemory', '1.5gb'],
  ['maxmemory', '-1'],
  ['maxmemory-clients', '101%'],
  ['maxmemory-clients', '-5%'],
  ['maxmemory-clients', '7%'],
  ['proto-max-bulk-len', '1'],
  ['client-query-buffer-limit', '1kb'],
  ['repl-backlog-size', '0'],
  ['hash-max-listpack-entries', '-1'],
  ['hash-max-ziplist-value', '2kb'],
  ['list-max-listpack-size', '-99999999999'],
  ['slowlog-log-slower-than', '-2'],
  ['busy-reply-threshold', '9223372036854775807'],
  ['lua-time-limit', '9223372036854775808'],
  ['active-expire-effort', '11'],
  ['active-defrag-cycle-max', '0'],
  ['active-defrag-ignore-bytes', '0'],
  ['auto-aof-rewrite-min-size', '3kb'],
  ['loading-process-events-interval-bytes', '10'],
  ['hz', '1000'],
  ['hz', '0'],
  ['hz', '-5'],
  ['lazyfree-lazy-user-del', 'maybe'],
  ['lazyfree-lazy-user-del', 'YES'],
  ['appendfsync', 'sometimes'],
  ['appendfsync', 'Always'],
  ['repl-diskless-load', 'x'],
  ['acl-pubsub-default', 'x'],
  ['sanitize-dump-payload', 'x'],
  ['cluster-preferred-endpoint-type', 'x'],
  ['propagation-error-behavior', 'x'],
  ['oom-score-adj', 'x'],
  ['tls-auth-clients', 'x'],
  ['save', '900'],
  ['save', ' 5 6'],
  ['save', '0 1'],
  ['save', '900 1 300 10'],
  ['save', ''],
  ['client-output-buffer-limit', 'normal 0 0'],
  ['client-output-buffer-limit', 'master 0 0 0'],
  ['client-output-buffer-limit', 'slave -1 1mb 10'],
  ['client-output-buffer-limit', 'NORMAL 5k 5K 1 pubsub 1 2 3'],
  ['client-output-buffer-limit', ''],
  ['oom-score-adj-values', '1 2'],
  ['oom-score-adj-values', '1 2 3000'],
  ['oom-score-adj-values', '1 2 3'],
  ['latency-tracking-info-percentiles', '50 101'],
  ['latency-tracking-info-percentiles', '50 x'],
  ['latency-tracking-info-percentiles', '50.12345678 100 0'],
  ['latency-tracking-info-percentiles', ''],
  ['notify-keyspace-events', 'Kq'],
  ['notify-keyspace-events', 'dte$gKmEn'],
  ['notify-keyspace-events', 'KEA'],
  ['shutdown-on-sigterm', 'save nosave'],
  ['shutdown-on-sigterm', ''],
  ['shutdown-on-sigterm', 'force now save'],
  ['proc-title-template', '{foo}'],
  ['proc-title-template', '{title'],
  ['proc-title-template', ''],
  ['proc-title-template', '{title} {port}'],
  ['cluster-announce-hostname', 'a_b'],
  ['cluster-announce-hostname', 'a.b-c'],
  ['masteruser', 'someone'],
];

/** The words of a reply of bulk strings. */
function wordsOf(reply: Reply): string[] {
  if (reply.type !== 'array') throw new Error(`${reply.type} instead of an array`);
  return reply.items.map((item) => (item.type === 'bulk' ? item.bytes.toString() : item.type));
}

describe.skipIf(!redisAvailable())('beside redis-server (skipped without one on the PATH)', () => {
  const config = newConfig();
  let server: RunningServer;
  let client: RespClient;
  beforeAll(async () => {
    server = await startRedis();
    client = await RespClient.connect(server.port);
    // As the test gives it to the server on its command line.
    config.assign('save', '');
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it.each(COMPARED.map((words) => ({ words, line: words.join(' ') })))(
    'CONFIG SET $line',
    async ({ words }) => {
      const theirs = await client.call('CONFIG', 'SET', ...words);
      expect(set(config, ...words) ?? 'OK').toBe('text' in theirs ? theirs.text : theirs.type);
      const names = words.filter((name, at) => at % 2 === 0 && !OF_THE_MACHINE.has(name));
      for (const name of names) {
        const shown = wordsOf(await client.call('CONFIG', 'GET', name));
        expect(get(config, name).join()).toBe(shown.join('='));
      }
    },
  );
});

/** Directives that the test gives the server on its command line, or that begin otherwise here. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  ...['dir', 'port', 'bind'],
  'active-defrag-ignore-bytes',
]);

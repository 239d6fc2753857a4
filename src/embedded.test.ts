import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RespClient } from '../test/support/resp-client.ts';
import { freePort } from '../test/support/server.ts';
import {
  type CommandArgument,
  ConfigurationError,
  type Directives,
  type EmbeddedRedstart,
  ListenError,
  type Log,
  openRedstart,
  ReplyError,
  SnapshotLoadError,
} from './index.ts';

const opened: EmbeddedRedstart[] = [];

async function open(directives: Directives = {}, log?: Log): Promise<EmbeddedRedstart> {
  const db = await openRedstart(directives, log === undefined ? {} : { log });
  opened.push(db);
  return db;
}

let db: EmbeddedRedstart;

beforeEach(async () => {
  db = await open();
});
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

describe('call', () => {
  it('answers with JavaScript values', () => {
    expect(db.call('SET', 'key', 'välue')).toBe('OK');
    expect(db.call('GET', 'key')).toBe('välue');
    expect(db.call('GET', 'missing')).toBeNull();
    expect(db.call('INCRBY', 'n', 2)).toBe(2);
    expect(db.call('INCRBY', 'n', 2n ** 62n)).toBe(2n ** 62n + 2n);
    expect(db.call('MGET', 'key', 'missing')).toEqual(['välue', null]);
    expect(db.call('CONFIG', 'GET', 'maxmemory')).toEqual(new Map([['maxmemory', '0']]));
    expect(db.call('INCRBYFLOAT', 'f', 1.5)).toBe('1.5');
    expect(db.call('info', 'server')).toMatch(/^# Server\r\n/);
  });

  it('keeps every byte where it is asked to', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    expect(db.callBuffer('SET', bytes, Uint8Array.of(0, 255))).toBe('OK');
    expect(db.callBuffer('KEYS', '*')).toEqual([bytes]);
    expect(db.callBuffer('GET', bytes)).toEqual(Buffer.of(0, 255));
    expect(db.call('GET', bytes)).toBe('\0\ufffd');
    expect(db.callBuffer('GET', 'missing')).toBeNull();
    expect(db.callBuffer('INFO', 'server')).toBeInstanceOf(Buffer);
  });

  it('gives strings that nothing changes any more', () => {
    db.call('SET', 'a', 'before');
    const held = db.callBuffer('GET', 'a');
    db.call('SETRANGE', 'a', 0, 'AFTER!');
    expect(held).toEqual(Buffer.from('before'));
  });

  it('throws errors, with their code', () => {
    db.call('SET', 'a', 'text');
    const failing = (...command: CommandArgument[]): ReplyError => {
      try {
        db.call(...command);
      } catch (problem) {
        if (problem instanceof ReplyError) return problem;
        throw problem;
      }
      throw new Error('no error');
    };
    expect(failing('INCR', 'a').message).toBe('ERR value is not an integer or out of range');
    expect(failing('NOSUCH', 'a').message).toMatch(/^ERR unknown command 'NOSUCH'/);
    expect(failing('AUTH', 'a').code).toBe('ERR');
    expect(failing('AUTH', 'somebody', 'a').code).toBe('WRONGPASS');
    expect(failing('MONITOR').message).toMatch(/^ERR MONITOR is not available here/);
    expect(failing('CLIENT', 'REPLY', 'OFF').message).toMatch(/is not available here/);
    expect(failing('INCR', 'a').stack).toContain('embedded.test.ts');
    expect(db.call('GET', 'a')).toBe('text');
  });

  it('refuses what is no command', () => {
    expect(() => db.call()).toThrow(TypeError);
    for (const word of [undefined, null, {}, true]) {
      // What a caller without types may give.
      expect(() => db.call('SET', 'a', word as unknown as string)).toThrow(TypeError);
    }
    expect(db.call('DBSIZE')).toBe(0);
  });

  it('takes words of any length up to proto-max-bulk-len', async () => {
    const lengths = [0, 1, 1023, 1024, 1025, 16 * 1024, 100_000, 3_000_000, 5, 1_048_576];
    for (const length of lengths) {
      const text = 'ä'.repeat(length);
      expect(db.call('SET', 'a', text)).toBe('OK');
      expect(db.call('STRLEN', 'a')).toBe(length * 2);
      expect(db.call('GET', 'a') === text).toBe(true);
    }
    const small = await open({ 'proto-max-bulk-len': '1mb' });
    expect(small.call('SET', 'a', 'x'.repeat(2 ** 20))).toBe('OK');
    expect(() => small.call('SET', 'a', 'x'.repeat(2 ** 20 + 1))).toThrow(RangeError);
    expect(small.call('STRLEN', 'a')).toBe(2 ** 20);
  });

  it('takes many words', () => {
    const count = 100_000;
    const words = Array.from({ length: count }, (_, i) => [`key${i}`, i]).flat();
    expect(db.call('MSET', words)).toBe('OK');
    expect(db.call('DBSIZE')).toBe(count);
    expect(db.call('GET', `key${count - 1}`)).toBe(String(count - 1));
  });

  it('takes words out of lists, but no lists out of them', () => {
    expect(db.call(['SET', 'a'], 1, ['EX', 100])).toBe('OK');
    expect(db.call('TTL', ['a'], [])).toBe(100);
    const nested = ['GET', ['a']] as unknown as string[];
    expect(() => db.call(nested)).toThrow(TypeError);
  });

  it('is not called by what it calls', async () => {
    let inner: unknown;
    const warning = (): void => {
      try {
        talkative.call('PING');
      } catch (problem) {
        inner = problem;
      }
    };
    const nothing = (): void => undefined;
    const log = { debug: nothing, verbose: nothing, notice: nothing, warning };
    const talkative = await open({ 'enable-debug-command': 'yes' }, log);
    expect(talkative.call('DEBUG', 'LOG', 'hello')).toBe('OK');
    expect(String(inner)).toContain('while another one runs');
    expect(talkative.call('PING')).toBe('PONG');
  });

  it('always speaks as to RESP3, needs no password, and cannot be thrown out', async () => {
    const locked = await open({ requirepass: 'secret' });
    const id = locked.call('CLIENT', 'ID');
    expect(locked.call('SELECT', 3)).toBe('OK');
    for (const leave of [['HELLO', 2], ['RESET'], ['QUIT'], ['CLIENT', 'KILL', 'SKIPME', 'no']]) {
      locked.call(...leave);
      expect(locked.call('CONFIG', 'GET', 'databases')).toEqual(new Map([['databases', '16']]));
    }
    expect(locked.call('CLIENT', 'INFO')).toMatch(/ db=0 /);
    expect(locked.call('CLIENT', 'ID')).toBeGreaterThan(Number(id));
    expect(String(locked.call('CLIENT', 'LIST')).trim().split('\n').length).toBe(1);
  });
});

describe('directives', () => {
  it('are those of redis.conf, in JavaScript values', async () => {
    const configured = await open({
      maxmemory: '1mb',
      databases: 2,
      appendonly: false,
      'lazyfree-lazy-expire': true,
      save: [900, 1, 300, 10],
      bind: '127.0.0.1 -::1',
    });
    const get = (name: string): unknown => configured.call('CONFIG', 'GET', name);
    expect(get('maxmemory')).toEqual(new Map([['maxmemory', '1048576']]));
    expect(get('databases')).toEqual(new Map([['databases', '2']]));
    expect(get('lazyfree-lazy-expire')).toEqual(new Map([['lazyfree-lazy-expire', 'yes']]));
    expect(get('save')).toEqual(new Map([['save', '900 1 300 10']]));
    expect(get('bind')).toEqual(new Map([['bind', '127.0.0.1 -::1']]));
  });

  it('save nothing and listen on nothing by default', () => {
    expect(db.call('CONFIG', 'GET', 'save', 'port')).toEqual(
      new Map([
        ['save', ''],
        ['port', '0'],
      ]),
    );
  });

  it('are refused as a file with them would be', async () => {
    await expect(open({ maxmemory: 'much' })).rejects.toThrow(
      new ConfigurationError('maxmemory: argument must be a memory value'),
    );
    // What a caller without types may give.
    const unknown = { nosuch: 1 } as unknown as Directives;
    await expect(open(unknown)).rejects.toThrow(
      new ConfigurationError('nosuch: no such directive'),
    );
  });
});

describe('an engine', () => {
  it('is one of several', async () => {
    const other = await open();
    db.call('SET', 'a', 1);
    other.call('SET', 'a', 2);
    expect([db.call('GET', 'a'), other.call('GET', 'a')]).toEqual(['1', '2']);
    await other.close();
    expect(db.call('GET', 'a')).toBe('1');
  });

  it('removes keys when they are due, without being asked', async () => {
    db.call('SET', 'a', 1, 'PX', 20);
    expect(db.call('DBSIZE')).toBe(1);
    await expect.poll(() => db.call('DBSIZE')).toBe(0);
  });

  it('is closed once', async () => {
    await db.close();
    await db.close();
    expect(db.closed).toBe(true);
    expect(() => db.call('PING')).toThrow('this Redstart is closed');
    await expect(db.listen({ port: 0 })).rejects.toThrow('this Redstart is closed');
  });

  it('is closed by SHUTDOWN', async () => {
    expect(db.call('SHUTDOWN', 'NOSAVE')).toBeNull();
    await expect.poll(() => db.closed).toBe(true);
    expect(() => db.call('PING')).toThrow('this Redstart is closed');
  });
});

describe('data on disk', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'redstart-embedded-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('are saved at the end and loaded when it opens again', async () => {
    const first = await open({ dir, save: [900, 1] });
    first.call('SET', 'a', 1);
    await first.close();
    const second = await open({ dir });
    expect(second.call('GET', 'a')).toBe('1');
    second.call('SET', 'a', 2);
    // Here nobody asked for it.
    await second.close();
    const third = await open({ dir });
    expect(third.call('GET', 'a')).toBe('1');
  });

  it('are not loaded from wherever the program happens to run', async () => {
    writeFileSync(join(dir, 'dump.rdb'), 'no snapshot');
    const other = await openIn(dir);
    expect(other.call('DBSIZE')).toBe(0);
  });

  it('are refused when they are damaged', async () => {
    writeFileSync(join(dir, 'dump.rdb'), 'no snapshot');
    await expect(openRedstart({ dir })).rejects.toThrow(SnapshotLoadError);
  });

  it('keep it open when they cannot be saved, unless they need not be', async () => {
    const other = await open({ dir, save: [900, 1] });
    rmSync(dir, { recursive: true });
    await expect(other.close()).rejects.toThrow('the data cannot be saved');
    expect(other.closed).toBe(false);
    await other.close({ save: false });
    expect(other.closed).toBe(true);
  });

  async function openIn(directory: string): Promise<EmbeddedRedstart> {
    const before = process.cwd();
    process.chdir(directory);
    try {
      return await open();
    } finally {
      process.chdir(before);
    }
  }
});

describe('listen', () => {
  it('lets other processes share the data', async () => {
    const { port, textPort } = await db.listen({ port: 0 });
    expect(port).toBeGreaterThan(0);
    expect(textPort).toBe(0);
    const client = await RespClient.connect(port);
    db.call('SET', 'a', 1);
    expect(await client.call('INCR', 'a')).toEqual({ type: 'integer', value: 2n });
    expect(db.call('GET', 'a')).toBe('2');
    await db.close();
    expect(await client.untilClosed(5000)).toBe(true);
  });

  it('alone opens the port that a directive names: other addresses do not', async () => {
    const port = await freePort();
    const quiet = await open({ port });
    expect(quiet.call('CONFIG', 'SET', 'bind', '127.0.0.1')).toBe('OK');
    expect(quiet.call('INFO', 'server')).toContain('tcp_port:0');
  });

  it('leaves the engine as it was when it fails', async () => {
    const { port } = await db.listen({ port: 0 });
    const other = await open();
    await expect(other.listen({ port, textPort: 0 })).rejects.toThrow(ListenError);
    expect(other.call('PING')).toBe('PONG');
    expect((await other.listen({ port: 0 })).port).not.toBe(port);
  });
});

const execFileAsync = promisify(execFile);

describe('the process', () => {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-test-'));
  const index = new URL('./index.ts', import.meta.url);

  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('ends when only an engine that does not listen is left', async () => {
    const script = join(dir, 'idle.mts');
    writeFileSync(
      script,
      `import { openRedstart } from '${index}';
       const db = await openRedstart();
       db.call('SET', 'a', 1, 'EX', 100);
       console.log(db.call('TTL', 'a'));`,
    );
    const options = { cwd: fileURLToPath(new URL('..', import.meta.url)), timeout: 20_000 };
    const { stdout } = await execFileAsync(process.execPath, ['--import', 'tsx', script], options);
    expect(stdout).toBe('100\n');
  });
});

/**
 * A disk that is really full: a small file system in memory, mounted for the test. The server stays
 * up, refuses to write and goes on reading, and when there is room again it goes on by itself, with
 * all that it has acknowledged. Mounting needs rights that not everybody has: then it is skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { show } from '../support/engine.ts';
import { NoReplyError, RespClient } from '../support/resp-client.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';

const DISK_BYTES = 8 * 1024 * 1024;
/** What is taken away to make room again. */
const BALLAST_BYTES = 2 * 1024 * 1024;
const BALLAST = 'ballast';
const VALUE = 'v'.repeat(20_000);
const RECOVERY_MS_MAX = 10_000;
const REFUSED = /^\(error\) MISCONF Errors writing to the AOF file: .*no space left on device/i;

/** A new file system of so many bytes; null where that cannot be had. */
function mountedDisk(bytes: number): string | null {
  const path = mkdtempSync(join(tmpdir(), 'redstart-full-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  if (status === 0) return path;
  rmdirSync(path);
  return null;
}

function unmount(path: string): void {
  spawnSync('umount', ['--lazy', path]);
  rmdirSync(path);
}

/** Whether this machine lets us mount, tried once. */
function canMount(): boolean {
  const path = mountedDisk(DISK_BYTES);
  if (path !== null) unmount(path);
  return path !== null;
}

const reason = 'skipped where a tmpfs cannot be mounted';
describe.skipIf(!canMount())(`on a disk of 8 MB (${reason})`, () => {
  let disk = '';
  let server: RunningServer;
  let other: RespClient;
  beforeAll(() => {
    disk = mountedDisk(DISK_BYTES)!;
  });
  afterAll(() => unmount(disk));

  beforeEach(() => {
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
    writeFileSync(join(disk, BALLAST), Buffer.alloc(BALLAST_BYTES));
  });

  afterEach(async () => {
    await server.stop();
  });

  test.each(['everysec', 'always'])('it goes on with appendfsync %s', async (policy) => {
    await start(policy);
    const writer = await RespClient.connect(server.port);
    const filled = await fill(writer);
    expect(filled.acknowledged).toBeGreaterThan(100);
    await expectRefusals();
    // Nor does a rewrite find room, and what is there is left as it is.
    await other.call('BGREWRITEAOF');
    await untilInfo('aof_rewrite_in_progress:0');
    expect(await info()).toContain('aof_last_bgrewrite_status:err');
    await expectRefusals();

    rmSync(join(disk, BALLAST));
    await untilWritable();
    // Who was not answered is answered now.
    if (filled.isHeld) expect(show(await writer.read())).toBe('OK');
    const acknowledged = filled.acknowledged + (filled.isHeld ? 1 : 0);
    expect(await info()).toContain('aof_last_write_status:ok');
    expect(show(await other.call('SET', 'after', policy))).toBe('OK');
    // With everysec two seconds may be lost in a crash of the machine; of the process, nothing.
    if (policy === 'everysec') await untilInfo('aof_buffer_length:0');
    await restart(policy);
    await expectValues(acknowledged);
    expect(show(await other.call('GET', 'after'))).toBe(`"${policy}"`);
    await writer.close();
    await end();
  });

  test('killed while it is full, it starts with what it has acknowledged', async () => {
    await start('always');
    const writer = await RespClient.connect(server.port);
    const { acknowledged } = await fill(writer);
    await writer.close();
    await restart('always');
    await expectValues(acknowledged);
    // The first that finds no room is told when there is some, and those behind it are refused.
    const next = await RespClient.connect(server.port);
    next.send(['SET', 'late', VALUE]);
    await untilInfo('aof_last_write_status:err');
    await expectRefusals();
    rmSync(join(disk, BALLAST));
    expect(show(await next.read(RECOVERY_MS_MAX))).toBe('OK');
    await next.close();
    await restart('always');
    await expectValues(acknowledged);
    expect(show(await other.call('STRLEN', 'late'))).toBe(`(integer) ${VALUE.length}`);
    await end();
  });

  async function expectValues(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      expect(show(await other.call('STRLEN', `key ${i}`))).toBe(`(integer) ${VALUE.length}`);
    }
  }

  async function end(): Promise<void> {
    await other.close();
    expect(await server.stop()).toBe(0);
  }

  async function start(policy: string): Promise<void> {
    const flags = ['--dir', disk, '--appendonly', 'yes', '--appendfsync', policy];
    server = await startRedstart(flags);
    other = await RespClient.connect(server.port);
  }

  async function restart(policy: string): Promise<void> {
    server.process.kill('SIGKILL');
    await server.stop();
    await start(policy);
  }

  /** Writes until it is refused, or not answered: that is held back until it is on the disk. */
  async function fill(writer: RespClient): Promise<{ acknowledged: number; isHeld: boolean }> {
    for (let i = 0; i * VALUE.length < 4 * DISK_BYTES; i++) {
      writer.send(['SET', `key ${i}`, VALUE]);
      try {
        const reply = show(await writer.read(1000));
        if (reply === 'OK') continue;
        expect(reply).toMatch(REFUSED);
        return { acknowledged: i, isHeld: false };
      } catch (problem) {
        if (!(problem instanceof NoReplyError)) throw problem;
        return { acknowledged: i, isHeld: true };
      }
    }
    throw new Error('the disk took more than it has');
  }

  async function expectRefusals(): Promise<void> {
    expect(show(await other.call('SET', 'refused', 'x'))).toMatch(REFUSED);
    expect(show(await other.call('PING'))).toMatch(REFUSED);
    expect(show(await other.call('STRLEN', 'key 0'))).toBe(`(integer) ${VALUE.length}`);
    expect(show(await other.call('EXISTS', 'refused'))).toBe('(integer) 0');
    expect(await info()).toContain('aof_last_write_status:err');
  }

  async function untilWritable(): Promise<void> {
    const deadlineMs = Date.now() + RECOVERY_MS_MAX;
    for (;;) {
      const reply = show(await other.call('PING'));
      if (reply === 'PONG') return;
      if (Date.now() > deadlineMs) throw new Error(`still refused: ${reply}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function info(): Promise<string> {
    return show(await other.call('INFO', 'persistence'));
  }

  async function untilInfo(text: string): Promise<void> {
    const deadlineMs = Date.now() + RECOVERY_MS_MAX;
    while (!(await info()).includes(text)) {
      if (Date.now() > deadlineMs) throw new Error(`INFO never says ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

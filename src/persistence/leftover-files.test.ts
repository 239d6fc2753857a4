import { expect, test } from 'vitest';
import { SimulatedDisk } from '../../test/support/simulated-disk.ts';
import { SILENT_LOG } from '../engine/log.ts';
import { isProcessAlive, removeLeftovers } from './leftover-files.ts';
import { systemReason } from './system-reason.ts';

test('unfinished snapshots of processes that are gone are removed, and nothing else', () => {
  const disk = new SimulatedDisk(1);
  const names = ['dump.rdb', 'temp-12.rdb', 'temp-bg-12.rdb', 'temp-bg-34.rdb', 'temp-x.rdb'];
  for (const name of names) disk.put(`/data/${name}`, Buffer.from('x'));
  disk.put('/other/temp-12.rdb', Buffer.from('x'));
  let problems = 0;
  disk.faultAt = (_, name) => (name === 'remove /data/temp-12.rdb' ? 'EROFS' : null);
  const log = { ...SILENT_LOG, warning: () => void problems++ };
  removeLeftovers(disk, '/data', (id) => id === 34, log);
  expect(problems).toBe(1);
  disk.faultAt = () => null;
  removeLeftovers(disk, '/data', (id) => id === 34, log);
  expect(disk.paths).toEqual([
    '/data/dump.rdb',
    '/data/temp-bg-34.rdb',
    '/data/temp-x.rdb',
    '/other/temp-12.rdb',
  ]);
});

test('a process is there or not', () => {
  expect(isProcessAlive(process.pid)).toBe(true);
  // Above the greatest that Linux gives.
  expect(isProcessAlive(4_194_305)).toBe(false);
});

test('reasons are those of the C library', () => {
  const problem = (code: string, errno: number): Error =>
    Object.assign(new Error(`${code}: whatever, write`), { code, errno });
  expect(systemReason(problem('ENOSPC', -28))).toBe('No space left on device');
  expect(systemReason(problem('EIO', -5))).toBe('Input/output error');
  expect(systemReason(problem('EROFS', -30))).toBe('Read-only file system');
  expect(systemReason(new Error('something else'))).toBe('something else');
});

/**
 * Makes `kill -9` a loss of power. Loaded into a server before its code (`node --import`), it keeps
 * what is written to files in the memory of the process until it is synchronised, as the system
 * keeps it in its page cache: when the process is killed, what was not synchronised is gone, but
 * for what the system may have written by itself meanwhile, which is a beginning of it.
 *
 * REDSTART_LIE makes it a disk that lies: `sync` says that data are synchronised and does nothing,
 * `write` now and then forgets what it says it has written. A checker that finds nothing wrong with
 * those checks nothing.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const LIE = process.env.REDSTART_LIE ?? '';
const WRITES_FORGOTTEN = 0.05;
const WRITTEN_BY_ITSELF = 0.05;

const real = { ...fs };
/** Of each open file that is written to: the number of its inode. */
const inodes = new Map();
/** Of each inode: what was written and not synchronised. */
const caches = new Map();

function cacheOf(descriptor) {
  const inode = inodes.get(descriptor);
  return inode === undefined ? undefined : caches.get(inode);
}

/** Keeps bytes for later. */
function keep(cache, descriptor, bytes, at, length, position) {
  if (LIE === 'write' && Math.random() < WRITES_FORGOTTEN) return;
  const copy = Buffer.from(bytes.buffer, bytes.byteOffset + at, length);
  cache.push({ bytes: Buffer.from(copy), position });
  if (Math.random() >= WRITTEN_BY_ITSELF) return;
  flush(descriptor, Math.floor(Math.random() * (cache.length + 1)));
}

/** Writes the first so many of the things that were kept. */
function flush(descriptor, count) {
  const cache = cacheOf(descriptor);
  for (const { bytes, position } of cache.splice(0, count)) {
    for (let at = 0; at < bytes.length; ) {
      const place = position === null ? null : position + at;
      at += real.writeSync(descriptor, bytes, at, bytes.length - at, place);
    }
  }
}

function replace(name, by) {
  // util.promisify finds what it needs to know in symbols of the function.
  fs[name] = Object.defineProperties(by, Object.getOwnPropertyDescriptors(real[name]));
}

replace('openSync', (path, flags, mode) => {
  const descriptor = real.openSync(path, flags, mode);
  if (flags === 'w' || flags === 'a') {
    const inode = real.fstatSync(descriptor).ino;
    inodes.set(descriptor, inode);
    if (flags === 'w' || !caches.has(inode)) caches.set(inode, []);
  }
  return descriptor;
});

replace('write', (descriptor, bytes, at, length, position, done) => {
  const cache = cacheOf(descriptor);
  if (cache === undefined) return real.write(descriptor, bytes, at, length, position, done);
  keep(cache, descriptor, bytes, at, length, position);
  setImmediate(done, null, length, bytes);
});

replace('writeSync', (descriptor, bytes, at, length, position) => {
  const cache = cacheOf(descriptor);
  if (cache === undefined) return real.writeSync(descriptor, bytes, at, length, position);
  keep(cache, descriptor, bytes, at, length, position ?? null);
  return length;
});

for (const name of ['fsync', 'fdatasync']) {
  replace(name, (descriptor, done) => {
    const cache = cacheOf(descriptor);
    if (cache !== undefined && LIE === 'sync') return setImmediate(done, null);
    if (cache !== undefined) flush(descriptor, cache.length);
    return real[name](descriptor, done);
  });
}

replace('fsyncSync', (descriptor) => {
  const cache = cacheOf(descriptor);
  if (cache !== undefined && LIE === 'sync') return;
  if (cache !== undefined) flush(descriptor, cache.length);
  real.fsyncSync(descriptor);
});

replace('close', (descriptor, done) => {
  forget(descriptor);
  return real.close(descriptor, done);
});

replace('closeSync', (descriptor) => {
  forget(descriptor);
  real.closeSync(descriptor);
});

/** What was not synchronised when a file is closed may be lost all the same. */
function forget(descriptor) {
  const cache = cacheOf(descriptor);
  if (cache !== undefined && cache.length === 0) caches.delete(inodes.get(descriptor));
  inodes.delete(descriptor);
}

syncBuiltinESMExports();

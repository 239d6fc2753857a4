import { describe, expect, it } from 'vitest';
import { PasswordHash } from './password.ts';

// The SHA-256 of "foo", as ACL GETUSER of a redis-server prints it for that password.
const FOO_HEX = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae';

describe('PasswordHash', () => {
  it('matches the password it was made of, and no other', () => {
    const hash = PasswordHash.of(Buffer.from('foo'));
    expect(hash.matches(Buffer.from('foo'))).toBe(true);
    for (const other of ['', 'fo', 'fooo', 'Foo', 'foo\0', FOO_HEX, `#${FOO_HEX}`]) {
      expect(hash.matches(Buffer.from(other))).toBe(false);
    }
  });

  it('takes any bytes, of any length', () => {
    const bytes = Buffer.from([0, 0xff, 0x0a, 0x80]);
    expect(PasswordHash.of(bytes).matches(Buffer.from(bytes))).toBe(true);
    const long = Buffer.alloc(1_000_000, 0x61);
    expect(PasswordHash.of(long).matches(long)).toBe(true);
    expect(PasswordHash.of(long).matches(long.subarray(1))).toBe(false);
  });

  it('prints and reads the form of ACL files', () => {
    expect(PasswordHash.of(Buffer.from('foo')).toHex()).toBe(FOO_HEX);
    expect(PasswordHash.fromHex(FOO_HEX)?.matches(Buffer.from('foo'))).toBe(true);
    expect(PasswordHash.fromHex(FOO_HEX)?.equals(PasswordHash.of(Buffer.from('foo')))).toBe(true);
    expect(PasswordHash.fromHex(FOO_HEX)?.equals(PasswordHash.of(Buffer.from('bar')))).toBe(false);
  });

  it('refuses what is not 64 lower-case hexadecimal digits', () => {
    for (const hex of [
      '',
      FOO_HEX.slice(1),
      `${FOO_HEX}0`,
      FOO_HEX.toUpperCase(),
      `g${FOO_HEX.slice(1)}`,
    ]) {
      expect(PasswordHash.fromHex(hex)).toBeUndefined();
    }
  });

  it('does not keep the bytes it was made of', () => {
    const bytes = Buffer.from('secret');
    const hash = PasswordHash.of(bytes);
    bytes.fill(0);
    expect(hash.matches(Buffer.from('secret'))).toBe(true);
    expect(JSON.stringify(hash)).toBe('{}');
  });
});

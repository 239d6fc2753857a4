/**
 * A password as the server keeps it: its SHA-256, the form that redis-server's ACL files use (`#<64
 * hex>`), so that users move between the two. It is not salted because those files have no room for
 * a salt; what protects it is that the hash never leaves the server but through ACL GETUSER, ACL
 * SAVE and CONFIG REWRITE.
 */

import { createHash, timingSafeEqual } from 'node:crypto';

const HEX_DIGITS = /^[0-9a-f]{64}$/;

/** The SHA-256 of a password; compares in a time that does not depend on the bytes compared. */
export class PasswordHash {
  readonly #digest: Buffer;

  private constructor(digest: Buffer) {
    this.#digest = digest;
  }

  /**
   * Hashes a password. The caller still owns `bytes`, and should erase them when they are its own
   * copy.
   */
  static of(bytes: Uint8Array): PasswordHash {
    return new PasswordHash(createHash('sha256').update(bytes).digest());
  }

  /**
   * Reads the 64 lower-case hexadecimal digits of an ACL rule `#<hash>`; undefined when they are
   * not that.
   */
  static fromHex(hex: string): PasswordHash | undefined {
    return HEX_DIGITS.test(hex) ? new PasswordHash(Buffer.from(hex, 'hex')) : undefined;
  }

  /** Whether this is the hash of `bytes`. */
  matches(bytes: Uint8Array): boolean {
    return timingSafeEqual(this.#digest, createHash('sha256').update(bytes).digest());
  }

  equals(other: PasswordHash): boolean {
    return timingSafeEqual(this.#digest, other.#digest);
  }

  /** 64 lower-case hexadecimal digits, as in the ACL rule `#<hash>`. */
  toHex(): string {
    return this.#digest.toString('hex');
  }
}

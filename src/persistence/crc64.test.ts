import { describe, expect, test } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Crc64 } from './crc64.ts';

describe('CRC-64', () => {
  test('is the one that Redis documents', () => {
    const crc = new Crc64();
    update(crc, Buffer.from('123456789'), 0, 9);
    expect(String(crc)).toBe('e9c6d914c4b8d9ca');
  });

  const seed = chosenSeed();
  test(`is the same bit by bit, in pieces and at any place (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.alloc(random.integer(0, 300));
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.integer(0, 255);
      const crc = new Crc64();
      for (let at = 0; at < bytes.length; ) {
        const end = random.integer(at, bytes.length);
        update(crc, bytes, at, end);
        at = end;
      }
      expect(String(crc)).toBe(bitByBit(bytes));
    }
  });

  test('is written and compared with the lowest byte first', () => {
    const crc = new Crc64();
    update(crc, Buffer.from('123456789'), 0, 9);
    const bytes = Buffer.alloc(8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    expect(crc.matches(view, 0)).toBe(false);
    crc.write(view, 0);
    expect(bytes.toString('hex')).toBe('cad9b8c414d9c6e9');
    expect(crc.matches(view, 0)).toBe(true);
  });
});

function update(crc: Crc64, bytes: Buffer, start: number, end: number): void {
  crc.update(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), start, end);
}

function bitByBit(bytes: Uint8Array): string {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
    }
  }
  return crc.toString(16).padStart(16, '0');
}

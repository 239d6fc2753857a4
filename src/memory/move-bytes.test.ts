import { expect, it } from 'vitest';
import { moveBytes } from './move-bytes.ts';

const FROM = 45;

it('moves ranges of every length by every small distance, and nothing else', () => {
  const wrong: string[] = [];
  for (const length of [...Array(70).keys(), 96, 97, 200]) {
    for (let distance = -40; distance <= 40; distance++) {
      const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 255));
      const expected = Buffer.from(bytes);
      Buffer.from(bytes).copy(expected, FROM + distance, FROM, FROM + length);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      moveBytes(bytes, view, FROM + distance, FROM, length);
      if (!bytes.equals(expected)) wrong.push(`${length} bytes by ${distance}`);
    }
  }
  expect(wrong).toEqual([]);
});

/** Sound bytes made unsound, as disks, networks and attackers do. */
import type { SeededRandom } from './seeded-random.ts';

/** What heads, lengths and flags of many formats have at their borders. */
const BORDERS = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xdf, 0xf0, 0xf4, 0xfe, 0xff];
/** Lengths of RDB that promise far more than there is: 2^32 - 1, 2^40, 2^63, and LZF of 4 GB. */
const LENGTHS = [
  [0x80, 0xff, 0xff, 0xff, 0xff],
  [0x81, 0, 0, 1, 0, 0, 0, 0, 0],
  [0x81, 0x80, 0, 0, 0, 0, 0, 0, 0],
  [0xc3, 0x05, 0x80, 0xff, 0xff, 0xff, 0xff],
];

/** A copy with bytes changed, overwritten with a great length, put in, taken out or cut off. */
export function damaged(random: SeededRandom, whole: Uint8Array): Buffer {
  let bytes = Buffer.from(whole);
  for (let changes = random.integer(1, 4); changes > 0 && bytes.length > 0; changes--) {
    // The head of a value is where its structure is.
    const at = random.integer(0, random.pick([Math.min(15, bytes.length - 1), bytes.length - 1]));
    const choice = random.fraction();
    if (choice < 0.4) bytes[at]! ^= 1 << random.integer(0, 7);
    else if (choice < 0.7) bytes[at] = random.pick(BORDERS);
    else if (choice < 0.8) Buffer.from(random.pick(LENGTHS)).copy(bytes, at);
    else if (choice < 0.87) {
      const put = Buffer.from(random.pick([...LENGTHS, [0], [0xff, 0xff]]));
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at)]);
    } else if (choice < 0.94) {
      const count = random.integer(1, 9);
      bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]);
    } else bytes = bytes.subarray(0, at);
  }
  return bytes;
}

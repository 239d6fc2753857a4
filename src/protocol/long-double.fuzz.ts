// Compares the emulated long double with INCRBYFLOAT of a real redis-server: reading, adding and
// printing.
// Run: npx tsx src/protocol/long-double.fuzz.ts   (SEED=n repeats a run)

import {
  expectSame,
  fuzzAgainstRedis,
  type Oracle,
  type SeededRandom,
} from '../../test/support/oracle-fuzz.ts';
import { addLongDoubles, formatLongDouble, parseLongDouble } from './long-double.ts';

const CASES = 20_000;
const BATCH = 500;

async function compare({ client, random }: Oracle): Promise<number> {
  for (let done = 0; done < CASES; done += BATCH) {
    const pairs = Array.from({ length: BATCH }, () => randomPair(random));
    for (const [value, increment] of pairs) {
      client.send(['SET', 'f', value]);
      client.send(['INCRBYFLOAT', 'f', increment]);
    }
    for (const [value, increment] of pairs) {
      await client.read();
      const reply = await client.read();
      const text = reply.type === 'bulk' ? reply.bytes.toString('latin1') : JSON.stringify(reply);
      const about = `${JSON.stringify(value)} + ${JSON.stringify(increment)}`;
      expectSame(about, incrementByFloat(value, increment), text);
    }
  }
  return CASES;
}

function incrementByFloat(value: string, increment: string): string {
  const left = parse(value);
  const right = parse(increment);
  if (left === undefined || right === undefined) return failure('value is not a valid float');
  const sum = addLongDoubles(left, right);
  if (sum === undefined) return failure('increment would produce NaN or Infinity');
  return formatLongDouble(sum);
}

function parse(text: string) {
  const bytes = Buffer.from(text, 'latin1');
  return parseLongDouble(bytes, 0, bytes.length);
}

function failure(text: string): string {
  return JSON.stringify({ type: 'error', text: `ERR ${text}` });
}

function randomPair(random: SeededRandom): [string, string] {
  const value = randomFloatText(random);
  // Close to the negation of the other, so that high bits cancel and the low ones show.
  if (random.fraction() < 0.1 && value.length > 2) {
    const negated = value.startsWith('-') ? value.slice(1) : `-${value}`;
    return [value, negated.slice(0, -1) + random.pick('0123456789')];
  }
  return [value, randomFloatText(random)];
}

const DIGITS = '0123456789';

function randomFloatText(random: SeededRandom): string {
  const sign = random.pick(['', '', '-', '+']);
  const kind = random.integer(0, 11);
  if (kind < 3) return `${sign}${random.text(DIGITS, 1, 8)}.${random.text(DIGITS, 0, 12)}`;
  if (kind < 5) return `${sign}${random.text(DIGITS, 1, 30)}`;
  if (kind === 5) return `${sign}${random.text(DIGITS, 0, 20)}.${random.text(DIGITS, 0, 40)}`;
  if (kind === 6) return `${sign}${mantissa(random)}e${random.integer(-40, 40)}`;
  if (kind === 7) return `${sign}${mantissa(random)}e${random.integer(-5000, 4960)}`;
  if (kind === 8) return `${sign}${mantissa(random)}E${random.integer(4920, 4934)}`;
  // Few bits far behind the point end in a 5 at the 18th digit: ties of the printed form.
  if (kind === 9)
    return `${sign}0x${random.integer(1, 4095).toString(16)}p-${random.integer(1, 24)}`;
  if (kind === 10) return `${sign}${randomHex(random)}`;
  return mutate(random, `${sign}${random.pick(['inf', 'nan', 'Infinity', '1.5e3', '0x1p4'])}`);
}

function mantissa(random: SeededRandom): string {
  return `${random.text(DIGITS, 1, 22)}.${random.text(DIGITS, 1, 22)}`;
}

function randomHex(random: SeededRandom): string {
  const hex = '0123456789abcdefABCDEF';
  const exponent = random.pick([0, random.integer(-80, 80), random.integer(-16500, 16400)]);
  const digits = `${random.text(`${hex}08`, 1, 20)}.${random.text(`${hex}0000`, 0, 20)}`;
  return `0x${digits}${random.pick(['p', 'P'])}${exponent}`;
}

function mutate(random: SeededRandom, text: string): string {
  const at = random.integer(0, text.length);
  const inserted = random.pick(['', '', 'e', '+', '-', '.', ' ', 'x', 'p', '0', 'n', '1']);
  return text.slice(0, at) + inserted + text.slice(at + random.integer(0, 1));
}

await fuzzAgainstRedis('long-double', compare);

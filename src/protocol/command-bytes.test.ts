import { describe, expect, test } from 'vitest';
import { chosenSeed, SeededRandom } from '../../test/support/seeded-random.ts';
import { Args } from './args.ts';
import { CommandBytes } from './command-bytes.ts';

/** The arguments that a text says, at their places, as a parser finds them that lets much pass. */
function argsIn(text: string): Args {
  const bytes = Buffer.from(text, 'latin1');
  const args = new Args();
  args.reset(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  let at = text.indexOf('\n') + 1;
  for (let left = Number.parseInt(text.slice(1), 10); left > 0; left--) {
    const length = Number.parseInt(text.slice(at + 1), 10);
    at = text.indexOf('\n', at) + 1;
    args.push(at, length);
    at += length + 2;
  }
  args.end = at;
  return args;
}

function written(args: Args): string {
  const out = new CommandBytes();
  out.args(args);
  return out.bytes.toString('latin1', 0, out.length);
}

const SET = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvv\r\n';

describe('a command', () => {
  test.each([
    ['as it is to be', SET],
    ['with zeros before a number', SET.replace('$2', '$02')],
    ['with zeros before the count', SET.replace('*3', '*03')],
    ['with a sign', SET.replace('$1', '$+1')],
    ['with other bytes behind an argument', SET.replace('k\r\n', 'kxx')],
    ['with other bytes at its end', `${SET.slice(0, -2)}yy`],
  ])('%s is written in the one form that there is', (_what, text) => {
    expect(written(argsIn(text))).toBe(SET);
  });

  test('in one line is not taken for what stands before it', () => {
    const bytes = Buffer.from('*9\r\n$7\r\nFLUSHALL\r\n');
    const args = new Args();
    args.reset(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    args.push(8, 8);
    expect(written(args)).toBe('*1\r\n$8\r\nFLUSHALL\r\n');
  });

  test('that no buffer has as it was sent is put together', () => {
    expect(written(Args.of(Buffer.from('SET'), Buffer.from('k'), Buffer.from('vv')))).toBe(SET);
  });

  const seed = chosenSeed();
  test(`of any length is copied as it was sent (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    const out = new CommandBytes();
    let expected = '';
    for (let i = 0; i < 300; i++) {
      const words = Array.from({ length: random.pick([1, 3, 12, 120]) }, () =>
        'x'.repeat(random.pick([0, 1, 9, 10, 99, 100, 999, 1000, 12_345])),
      );
      const line = words.map((word) => `$${word.length}\r\n${word}\r\n`).join('');
      const text = `*${words.length}\r\n${line}`;
      const args = argsIn(text);
      out.args(args);
      expected += text;
      if (random.fraction() < 0.8) continue;
      expect(out.bytes.toString('latin1', 0, out.length) === expected).toBe(true);
      out.clear();
      expected = '';
    }
  });

  test(`is copied with those beside it when they stay where they are (SEED=${seed})`, () => {
    const random = new SeededRandom(seed);
    const out = new CommandBytes();
    for (let round = 0; round < 300; round++) {
      const commands = Array.from({ length: random.integer(1, 16) }, () => commandOf(random));
      const bytes = Buffer.from(commands.map(({ sent }) => sent).join(''), 'latin1');
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      let expected = '';
      let from = 0;
      out.clear();
      out.sourceStays = true;
      for (const { sent, parsed, written } of commands) {
        const args = argsIn(parsed);
        args.rebase(bytes, view, parsed.length - sent.length - from);
        from += sent.length;
        if (random.fraction() < 0.2) continue;
        if (random.fraction() < 0.2) out.args(args);
        else out.parsed(args);
        expected += written;
        if (random.fraction() < 0.1) {
          out.words(['DEL', 'k']);
          expected += '*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n';
        }
        if (random.fraction() < 0.1) {
          const at = random.integer(0, 1) * out.length;
          out.insert(at, Buffer.from('#'));
          expected = `${expected.slice(0, at)}#${expected.slice(at)}`;
        }
      }
      out.settle();
      out.sourceStays = false;
      bytes.fill(0);
      expect(out.bytes.toString('latin1', 0, out.length) === expected).toBe(true);
    }
  });
});

/** A command as it was sent, as `argsIn` finds its arguments, and as it is to be written. */
function commandOf(random: SeededRandom): { sent: string; parsed: string; written: string } {
  const value = 'v'.repeat(random.pick([0, 3, 9, 10, 90, 20_000]));
  const written = `*2\r\n$3\r\nGET\r\n$${value.length}\r\n${value}\r\n`;
  const as = (sent: string, parsed = sent) => ({ sent, parsed, written });
  switch (random.integer(0, 20)) {
    case 0:
      return as(written.replace(/(\d+\r\nv*\r\n)$/, '0$1'));
    case 1:
      return as(written.replace('*2', '*+2'));
    case 2:
      return as(written.replace('GET\r\n', 'GETxx'), written);
    case 3:
      return as(`${written.slice(0, -1)}y`, written);
    case 4:
      return as(written.replace('*2\r\n', '*2\r?'), written);
    case 5:
      return as(written.replace('$3\r\n', '$3\r?'), written);
    case 6:
      // Lines with nothing in them are no commands.
      return as(`\r\n${written}`, written);
    default:
      return as(written);
  }
}

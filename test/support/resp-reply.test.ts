import { describe, expect, it } from 'vitest';
import { encodeReply } from '../compat/encoded.ts';
import { NotRespError, parseReply } from './resp-reply.ts';

/** Every type of the wire, and how a recording shows it. */
const REPLIES: readonly (readonly [string, unknown])[] = [
  ['+OK\r\n', '+OK'],
  ['-ERR no\r\n', '-ERR no'],
  [':-9223372036854775808\r\n', ':-9223372036854775808'],
  ['$3\r\na\r\n\r\n', '$a\r\n'],
  ['$0\r\n\r\n', '$'],
  ['$-1\r\n', 'nil$'],
  ['*-1\r\n', 'nil*'],
  ['_\r\n', '_'],
  ['#t\r\n', '#t'],
  ['#f\r\n', '#f'],
  [',1.5\r\n', ',1.5'],
  [',inf\r\n', ',inf'],
  ['(12345678901234567890123\r\n', '(12345678901234567890123'],
  ['!5\r\nERR x\r\n', '!ERR x'],
  ['=6\r\ntxt:ab\r\n', '=txt:ab'],
  ['*0\r\n', []],
  ['*2\r\n:1\r\n*1\r\n+a\r\n', [':1', ['+a']]],
  ['~2\r\n:1\r\n:2\r\n', { '~': [':1', ':2'] }],
  ['>2\r\n+a\r\n+b\r\n', { '>': ['+a', '+b'] }],
  ['%1\r\n+k\r\n:1\r\n', { '%': [['+k', ':1']] }],
  ['|1\r\n+k\r\n:1\r\n+OK\r\n', { '|': [[['+k', ':1']], '+OK'] }],
];

describe('parseReply', () => {
  it.each(REPLIES)('reads %j', (wire, encoded) => {
    const bytes = Buffer.from(wire, 'latin1');
    const parsed = parseReply(Buffer.concat([Buffer.from('xx'), bytes, Buffer.from('+next')]), 2);
    expect(parsed!.end).toBe(2 + bytes.length);
    expect(encodeReply(parsed!.reply)).toEqual(encoded);
  });

  it.each(REPLIES)('waits for the rest of %j, wherever it is cut', (wire) => {
    const bytes = Buffer.from(wire, 'latin1');
    for (let cut = 0; cut < bytes.length; cut++) {
      expect(parseReply(bytes.subarray(0, cut), 0)).toBeNull();
    }
  });

  it.each(['?\r\n', ':1.5\r\n', ':\r\n', '#x\r\n', '$1\r\nabcd', '=3\r\nabc\r\n'])(
    'refuses %j',
    (wire) => {
      expect(() => parseReply(Buffer.from(wire), 0)).toThrow(NotRespError);
    },
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReplyCounter } from './reply-counter.ts';

const line = fc.string({ maxLength: 12 }).map((text) => text.replace(/[\r\n]/g, '.'));
const reply = fc.oneof(
  line.map((text) => `+${text}\r\n`),
  fc.integer().map((value) => `:${value}\r\n`),
  fc.constant('$-1\r\n'),
  fc.string({ maxLength: 30 }).map((body) => `$${Buffer.byteLength(body)}\r\n${body}\r\n`),
  // Bodies that look like protocol must be skipped, not read.
  fc.constantFrom('$4\r\n\r\n\r\n\r\n', '$6\r\n-ERR\r\n\r\n', '$0\r\n\r\n'),
);

test('replies are counted wherever the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(reply), fc.array(fc.integer({ min: 1, max: 9 })), (replies, cuts) => {
      const bytes = Buffer.from(replies.join(''));
      const counter = new ReplyCounter();
      let counted = 0;
      let at = 0;
      for (let i = 0; at < bytes.length; i++) {
        const chunk = bytes.subarray(at, at + (cuts[i % cuts.length] ?? bytes.length));
        counted += counter.feed(chunk, chunk.length);
        at += chunk.length;
      }
      expect(counted).toBe(replies.length);
    }),
  );
});

test('only the given number of bytes is looked at', () => {
  expect(new ReplyCounter().feed(Buffer.from('+OK\r\n+OK\r\n'), 5)).toBe(1);
});

test('an error reply throws with its text, even in pieces', () => {
  const counter = new ReplyCounter();
  const feed = (text: string) => counter.feed(Buffer.from(text), text.length);
  expect(feed('+OK\r\n-ERR un')).toBe(1);
  expect(() => feed('known\r\n')).toThrow('the server answered: ERR unknown');
});

test('a reply type that no benchmark command answers with throws', () => {
  expect(() => new ReplyCounter().feed(Buffer.from('*1\r\n'), 4)).toThrow('0x2a');
});

import { describe, expect, it } from 'vitest';
import { parseReply } from '../../test/support/resp-reply.ts';
import { PushMessage } from './push-message.ts';

describe('PushMessage', () => {
  it('is an array in RESP2 and a push in RESP3', () => {
    const message = new PushMessage(
      ['message', 'news', 'a\r\n\0b'].map((word) => Buffer.from(word)),
    );
    const body = '3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\na\r\n\0b\r\n';
    expect(message.resp2.toString('latin1')).toBe(`*${body}`);
    expect(message.resp3.toString('latin1')).toBe(`>${body}`);
  });

  it('holds integers, nothing, and lists', () => {
    const words = [Buffer.from('a'), -12, null, [Buffer.from('b'), Buffer.alloc(0)], []];
    const { resp2, resp3 } = new PushMessage(words);
    const items = (nothing: string) => {
      return `5\r\n$1\r\na\r\n:-12\r\n${nothing}*2\r\n$1\r\nb\r\n$0\r\n\r\n*0\r\n`;
    };
    expect(resp2.toString()).toBe(`*${items('$-1\r\n')}`);
    expect(resp3.toString()).toBe(`>${items('_\r\n')}`);
  });

  it('is encoded once', () => {
    const message = new PushMessage([Buffer.from('message'), Buffer.from('c'), Buffer.alloc(0)]);
    expect(message.resp2).toBe(message.resp2);
    expect(message.resp3).toBe(message.resp3);
    expect(message.resp2.toString()).toBe('*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\n\r\n');
  });

  it.each([0, 9, 10, 99, 100, 65_535, 1_000_000])('holds a word of %i bytes', (length) => {
    const word = Buffer.alloc(length, 'x');
    const { resp3 } = new PushMessage([word]);
    const { reply, end } = parseReply(resp3, 0)!;
    expect(end).toBe(resp3.length);
    if (reply.type !== 'push' || reply.items[0]?.type !== 'bulk') throw new Error('no push');
    expect(reply.items.length).toBe(1);
    expect(reply.items[0].bytes.equals(word)).toBe(true);
  });
});

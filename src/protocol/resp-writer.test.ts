import { describe, expect, it } from 'vitest';
import { ReplyTooLargeError, RespWriter } from './resp-writer.ts';

describe('A reply that cannot be sent', () => {
  it('is refused when it announces more elements than any buffer holds', () => {
    const writer = new RespWriter();
    expect(() => writer.array(2 ** 53)).toThrow(ReplyTooLargeError);
    expect(() => writer.set(2 ** 40)).toThrow(ReplyTooLargeError);
    expect(() => writer.map(2 ** 40)).toThrow(ReplyTooLargeError);
    expect(writer.length).toBe(0);
  });

  it('is refused where its client may hold no more', () => {
    const writer = new RespWriter();
    writer.limitBytes = 100_000;
    writer.array(3);
    expect(() => writer.blob(Buffer.alloc(100_001))).toThrow(ReplyTooLargeError);
    writer.blob(Buffer.from('fits'));
    expect(writer.written().toString('latin1')).toBe('*3\r\n$4\r\nfits\r\n');
  });
});

import { describe, expect, it } from 'vitest';
import { Args } from '../protocol/args.ts';
import { COMPLETE, RequestParser } from '../protocol/request-parser.ts';
import { script } from './script.ts';

/** The names of the commands in some bytes, which must end where a command does. */
function namesIn(bytes: Buffer): string[] {
  const parser = new RequestParser(1024 * 1024);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const names: string[] = [];
  while (parser.position < bytes.length) {
    const args = new Args();
    args.reset(bytes, view);
    expect(parser.parse(bytes, bytes.length, args)).toBe(COMPLETE);
    names.push(args.text(0));
  }
  return names;
}

describe('the script of the rehearsal', () => {
  it('says how many commands each batch has', () => {
    for (const { bytes, commands } of script()) expect(namesIn(bytes)).toHaveLength(commands);
  });

  it('begins with single commands, and comes to deep pipelines', () => {
    const depths = [...script()].map(({ commands }) => commands);
    expect(depths.slice(0, 8).every((depth) => depth === 1)).toBe(true);
    expect(Math.max(...depths)).toBe(64);
  });

  it('has something of every kind', () => {
    const names = new Set([...script()].flatMap(({ bytes }) => namesIn(bytes)));
    for (const name of ['GET', 'SET', 'DEL', 'HSET', 'LPUSH', 'SADD', 'ZADD', 'EXPIRE']) {
      expect([...names]).toContain(name);
    }
  });

  it('is the same each time', () => {
    const [first, second] = [script(), script()].map((batches) =>
      Buffer.concat([...batches].map(({ bytes }) => bytes)),
    );
    expect(first!.equals(second!)).toBe(true);
  });
});

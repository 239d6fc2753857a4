import { describe, expect, it } from 'vitest';
import { ClientRoom } from '../../test/support/client-room.ts';
import { BrailleCanvas } from './braille-canvas.ts';
import { drawHills, drawTumblingStars } from './lolwut-art.ts';

/** Answers with the same numbers in every run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

describe('TIME', () => {
  it('answers with seconds and microseconds in text', () => {
    const room = new ClientRoom();
    room.pass(1_500.25);
    const [, seconds, microseconds] = /^\["(\d+)", "(\d+)"\]$/.exec(room.enter().call('TIME'))!;
    expect(seconds).toBe('1704067201');
    expect(Math.floor(Number(microseconds) / 1000)).toBe(500);
  });
});

describe('LOLWUT', () => {
  const client = new ClientRoom().enter();

  it.each([
    [[]],
    [['VERSION', '5']],
    [['VERSION', '6', '10', '3']],
    [['version', '5', '1', '1', '1', 'ignored']],
    [['NOSUCH']],
  ])('%j draws and ends with the version', (words) => {
    const text: string = JSON.parse(client.call('LOLWUT', ...words));
    expect(text.split('\n').length).toBeGreaterThan(3);
    expect(text).toMatch(/\n\nStars and hills by Redstart\.\nRedis ver\. 7\.2\.4\n$/);
  });

  it('of other versions is the version only', () => {
    expect(client.call('LOLWUT', 'VERSION', '999')).toBe('"Redis ver. 7.2.4\\n"');
  });

  it.each([[['VERSION', 'x']], [['VERSION', '5', 'x']], [['VERSION', '6', '1', 'x']]])(
    'refuses %j',
    (words) => {
      expect(client.call('LOLWUT', ...words)).toContain('not an integer or out of range');
    },
  );

  it('is bounded, whatever it is asked for', () => {
    for (const words of [
      ['5', '99999999999', '1', '99999999999'],
      ['6', '99999999999', '99999999999'],
    ]) {
      client.send(['LOLWUT', 'VERSION', ...words]);
      expect(client.take().length).toBeLessThan(4_000_000);
    }
    client.send(['LOLWUT', 'VERSION', '5', '-5', '-5', '-5']);
    expect(client.take().length).toBeLessThan(100);
  });
});

describe('the drawings', () => {
  it('stars have the width and height that follow from their numbers', () => {
    const lines = drawTumblingStars(30, 5, 2, randomNumbers(1)).split('\n');
    expect(lines.map((line) => line.length)).toEqual(Array(6).fill(30));
    // The stars on the left stand straight, so that the rows begin alike.
    expect(lines[3]!.slice(0, 5)).toBe(lines[0]!.slice(0, 5));
    expect(lines[0]!.slice(0, 5)).not.toBe('⠀'.repeat(5));
  });

  it('hills stand on the ground and leave the sky to stars', () => {
    const lines = drawHills(60, 20, randomNumbers(2)).split('\n');
    expect(lines).toHaveLength(20);
    expect(lines.every((line) => line.length === 60)).toBe(true);
    expect(lines.slice(0, 10).join('')).toMatch(/^[ .+*]+$/);
    expect(lines[19]).toMatch(/^[█▒ .+*]+$/);
    expect(lines.join('')).toContain('█');
  });
});

describe('the canvas', () => {
  it('has eight dots in a letter', () => {
    const canvas = new BrailleCanvas(2, 4);
    const seen: string[] = [];
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 2; x++) {
        canvas.dot(x, y);
        seen.push(canvas.toString());
      }
    }
    expect(seen.join('')).toBe('⠁⠉⠋⠛⠟⠿⡿⣿');
  });

  it('loses what is drawn beyond its edges', () => {
    const canvas = new BrailleCanvas(3, 5);
    for (const [x, y] of [
      [-1, 0],
      [0, -1],
      [3, 0],
      [0, 5],
      [100, 100],
    ] as const)
      canvas.dot(x, y);
    expect(canvas.toString()).toBe('⠀⠀\n⠀⠀');
    canvas.line(-5, 0, 5, 0);
    expect(canvas.toString()).toBe('⠉⠁\n⠀⠀');
  });
});

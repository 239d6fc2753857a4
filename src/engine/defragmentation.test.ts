import { describe, expect, it } from 'vitest';
import type { Defragmenter } from '../keyspace/defragmenter.ts';
import { Defragmentation } from './defragmentation.ts';

const MIB = 1024 * 1024;

describe('the defragmenter', () => {
  it('is left alone while much is being freed, but not for ever', () => {
    let steps = 0;
    const memory = {
      usedBytes: 100 * MIB,
      step: () => {
        steps++;
        return false;
      },
    };
    const defragmentation = new Defragmentation(memory as unknown as Defragmenter, false);
    defragmentation.enabled = true;
    const stepsAfter = (freedBytes: number): number => {
      memory.usedBytes -= freedBytes;
      defragmentation.tick();
      return steps;
    };

    expect(stepsAfter(0)).toBe(1);
    expect(stepsAfter(1000)).toBe(2);
    for (let i = 0; i < 10; i++) expect(stepsAfter(2 * MIB)).toBe(2);
    expect(stepsAfter(2 * MIB)).toBe(3);
    expect(stepsAfter(-5 * MIB)).toBe(4);
    expect(stepsAfter(2 * MIB)).toBe(4);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedRedstart, openRedstart } from '../../src/embedded.ts';

const KEYS = 60_000;
const WAIT_MS_MAX = 10_000;

let db: EmbeddedRedstart | undefined;
afterEach(async () => {
  await db?.close();
  db = undefined;
});

/** An engine of which most keys have been deleted, one here and one there. */
async function holed(directives: Record<string, string>): Promise<EmbeddedRedstart> {
  const engine = await openRedstart(directives);
  db = engine;
  const value = 'x'.repeat(100);
  for (let i = 0; i < KEYS; i++) engine.call('SET', `key ${i}`, value);
  for (let i = 0; i < KEYS; i++) if (i % 10 !== 0) engine.call('DEL', `key ${i}`);
  return engine;
}

function moved(engine: EmbeddedRedstart): number {
  return Number(/active_defrag_hits:(\d+)/.exec(String(engine.call('INFO', 'stats')))![1]);
}

async function sleep(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe('activedefrag', () => {
  it.each([
    ['active-defrag-ignore-bytes', '1gb', '1mb'],
    ['active-defrag-threshold-lower', '1000', '10'],
  ])('heeds %s, also while it runs', async (name, high, low) => {
    const engine = await holed({ [name]: high });
    await sleep(500);
    expect(moved(engine)).toBe(0);
    expect(engine.call('CONFIG', 'SET', name, low)).toBe('OK');
    const endMs = performance.now() + WAIT_MS_MAX;
    while (moved(engine) === 0 && performance.now() < endMs) await sleep(50);
    expect(moved(engine)).toBeGreaterThan(100);
  });
});

import { describe, expect, it } from 'vitest';
import { Config } from '../engine/config.ts';
import { Settings } from '../engine/config-settings.ts';
import type { Log } from '../engine/log.ts';
import { lowerClientsMax } from './file-limit.ts';

function lowered(filesMax: number): { config: Config; warnings: string[] } {
  const config = new Config(new Settings(process.cwd()));
  const warnings: string[] = [];
  const ignore = () => undefined;
  const warning = (text: string) => warnings.push(text);
  const log: Log = { debug: ignore, verbose: ignore, notice: ignore, warning };
  lowerClientsMax(config, log, filesMax);
  return { config, warnings };
}

function setClientsMax(config: Config, value: number): string | undefined {
  const pair = [Buffer.from('maxclients'), Buffer.from(String(value))] as const;
  return config.set([pair], { isLocal: true, isLoading: false });
}

describe('the limit on open files', () => {
  it('lowers maxclients, and keeps room for other files', () => {
    const { config, warnings } = lowered(1024);
    expect(config.values.maxclients).toBe(960);
    expect(warnings).toHaveLength(1);
    expect(setClientsMax(config, 961)).toMatch(/not able to handle .*, try with 960$/);
    expect(config.values.maxclients).toBe(960);
    expect(setClientsMax(config, 960)).toBeUndefined();
    expect(setClientsMax(config, 10)).toBeUndefined();
  });

  it('leaves it where there is room', () => {
    for (const filesMax of [10_064, 1_000_000, Number.POSITIVE_INFINITY]) {
      const { config, warnings } = lowered(filesMax);
      expect(config.values.maxclients).toBe(10_000);
      expect(warnings).toEqual([]);
    }
    expect(lowered(10_063).config.values.maxclients).toBe(9_999);
  });

  it('lets at least one client in', () => {
    expect(lowered(10).config.values.maxclients).toBe(1);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../commands/catalog.ts';
import { Registry } from '../commands/registry.ts';
import { EngineStatistics } from './statistics.ts';

const registry = new Registry(COMMANDS);
const get = registry.registered('get')!;

let statistics: EngineStatistics;
beforeEach(() => {
  statistics = new EngineStatistics(registry, 0);
});

describe('EngineStatistics', () => {
  it('counts calls and their time, per command and in all', () => {
    statistics.called(get, 3, 6);
    statistics.called(get, 1, 100);
    expect(statistics.ofCommand('GET')).toMatchObject({ calls: 4, microseconds: 106 });
    expect(statistics.commandsProcessed).toBe(4);
    expect(statistics.commandMicroseconds).toBe(106);
    const { histogram } = statistics.ofCommand('get')!;
    expect([histogram[10], histogram[16]]).toEqual([3, 1]);
  });

  it('tells refusals from failures, and errors by their code', () => {
    statistics.failedWith('ERR wrong number', get, false);
    statistics.failedWith('ERR value', get, true);
    statistics.failedWith('NOAUTH', null, false);
    expect(statistics.ofCommand('get')).toMatchObject({ rejected: 1, failed: 1, calls: 0 });
    expect([...statistics.errors]).toEqual([
      ['ERR', 2],
      ['NOAUTH', 1],
    ]);
    expect(statistics.errorReplies).toBe(3);
  });

  it('bounds how many codes it keeps', () => {
    for (let i = 0; i < 1000; i++) statistics.failedWith(`CODE${i} x`, null, true);
    statistics.failedWith('CODE0 again', null, true);
    expect(statistics.errors.size).toBe(128);
    expect(statistics.errors.get('CODE0')).toBe(2);
    expect(statistics.errorReplies).toBe(1001);
  });

  it('lists only commands that were called or refused', () => {
    statistics.called(get, 1, 1);
    statistics.failedWith('ERR', registry.registered('incr')!, false);
    const names = [...statistics.commands()].map(({ fullName }) => fullName);
    expect(names.sort()).toEqual(['get', 'incr']);
  });

  it('keeps rates and the peak of memory', () => {
    for (let i = 0; i <= 16; i++) {
      statistics.called(get, i === 0 ? 1 : 10, 1);
      statistics.inputBytes += 1024;
      statistics.outputBytes += 2048;
      statistics.sample(1_000_000 + i * 100, i === 5 ? 500 : 100);
    }
    expect(statistics.operationsPerSecond()).toBe(100);
    expect(statistics.inputKilobytesPerSecond()).toBe(10);
    expect(statistics.outputKilobytesPerSecond()).toBe(20);
    expect(statistics.peakMemoryBytes).toBe(500);
  });

  it('begins anew when it is reset, but for the start and the peak of memory', () => {
    for (let i = 0; i < 3; i++) {
      statistics.called(get, 1, 1);
      statistics.sample(1_000_000 + i * 100, 100);
    }
    statistics.failedWith('ERR', get, true);
    const counters = [
      'reads',
      'writes',
      'inputBytes',
      'outputBytes',
      'connectionsReceived',
    ] as const;
    const others = ['connectionsRejected', 'expiryMilliseconds', 'expiryLimitsReached'] as const;
    for (const counter of [...counters, ...others]) statistics[counter] = 9;
    statistics.reset();
    expect([...counters, ...others].map((counter) => statistics[counter])).toEqual(
      Array.from({ length: 8 }, () => 0),
    );
    expect([...statistics.commands()]).toEqual([]);
    expect(statistics.errors.size + statistics.errorReplies).toBe(0);
    expect(statistics.commandsProcessed + statistics.commandMicroseconds).toBe(0);
    expect(statistics.operationsPerSecond()).toBe(0);
    expect(statistics.peakMemoryBytes).toBe(100);
  });
});

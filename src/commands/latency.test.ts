import { describe, expect, it } from 'vitest';
import { ClientRoom } from '../../test/support/client-room.ts';
import { drawLatencyGraph } from './latency-graph.ts';
import { reportLatency } from './latency-report.ts';
import type { LatencyEvent } from './services/observation.ts';

const NOW_SECONDS = 1_000_000;

/** An event of spikes that are so long, one second apart, the last one second ago. */
function eventOf(name: string, ...milliseconds: readonly number[]): LatencyEvent {
  const first = NOW_SECONDS - milliseconds.length;
  return {
    name,
    samples: milliseconds.map((each, i) => ({ timeSeconds: first + i, milliseconds: each })),
    maxMilliseconds: Math.max(...milliseconds),
  };
}

describe('the graph', () => {
  it('is the one that redis-server draws', () => {
    expect(drawLatencyGraph(eventOf('command', 20, 50, 10, 100, 30), NOW_SECONDS)).toBe(
      [
        'command - high 100 ms, low 10 ms (all time high 100 ms)',
        '-'.repeat(80),
        '   # ',
        '   | ',
        ' # | ',
        'o|_|#',
        '     ',
        '54321',
        'sssss',
        '',
      ].join('\n'),
    );
  });

  it('says how old spikes are, in the largest unit that fits', () => {
    const ages = [59, 60, 3599, 3600, 86_399, 86_400, 950_400];
    const samples = ages.map((age) => ({ timeSeconds: NOW_SECONDS - age, milliseconds: 10 }));
    const graph = drawLatencyGraph({ name: 'e', samples, maxMilliseconds: 10 }, NOW_SECONDS);
    expect(graph.split('\n').slice(7, 10)).toEqual(['5151211', '9m9h3d1', 's m h d']);
  });

  it('goes on below when it is wider than 80 columns', () => {
    const many = Array.from({ length: 100 }, (_, i) => 10 + i);
    const lines = drawLatencyGraph(eventOf('e', ...many), NOW_SECONDS).split('\n');
    const bottoms = lines.filter((line) => /[_o#|]/.test(line.slice(0, 1)) && line.length > 6);
    expect(bottoms.map((line) => line.length)).toEqual([80, 20, 20, 20, 20]);
  });
});

describe('the report', () => {
  const findings = {
    thresholdMilliseconds: 5,
    slowlogMicroseconds: 1_000,
    nowSeconds: NOW_SECONDS,
  };

  it('says how to switch the monitor on', () => {
    const report = reportLatency({ ...findings, thresholdMilliseconds: 0, events: [] });
    expect(report).toContain('CONFIG SET latency-monitor-threshold');
  });

  it('says when there is nothing to say', () => {
    expect(reportLatency({ ...findings, events: [] })).toBe(
      'Nothing has taken 5 ms or more so far.\n',
    );
  });

  it('counts, and gives advice on the events that were seen', () => {
    const events = [eventOf('command', 20, 50, 10, 100, 30), eventOf('fast-command', 9)];
    const report = reportLatency({ ...findings, events });
    expect(report).toContain(
      '1. command: 5 spikes, one in 1.00 s, average 42 ms, mean deviation 26 ms, worst of all time 100 ms\n' +
        '2. fast-command: 1 spike, one in 1.00 s, average 9 ms, mean deviation 0 ms, worst of all time 9 ms\n',
    );
    expect(report).toContain('- SLOWLOG GET');
    expect(report).toContain('outside of the server');
    expect(report).not.toContain('slowlog-log-slower-than');
  });

  it.each([-1, 5_001])('asks for a slow log that shows them when it starts at %i', (slowlog) => {
    const events = [eventOf('command', 20)];
    const report = reportLatency({ ...findings, slowlogMicroseconds: slowlog, events });
    expect(report).toContain('CONFIG SET slowlog-log-slower-than 5000');
  });
});

describe('LATENCY HISTOGRAM', () => {
  it('adds up calls by powers of two, where there are any', () => {
    const room = new ClientRoom();
    const client = room.enter();
    const get = room.statistics.ofCommand('get')!;
    expect(get.calls).toBe(0);
    client.call('GET', 'k');
    // The durations of a call that took so many nanoseconds in place of the real one.
    const { histogram } = room.statistics.ofCommand('get')!;
    histogram.fill(0);
    for (const exponent of [0, 9, 10, 14, 14, 29, 30, 50]) histogram[exponent]!++;
    expect(client.call('LATENCY', 'HISTOGRAM', 'GET')).toBe(
      '["get", ["calls", (integer) 1, "histogram_usec", [(integer) 1, (integer) 2, ' +
        '(integer) 2, (integer) 3, (integer) 33, (integer) 5, (integer) 1082130, (integer) 8]]]',
    );
  });

  it('names the subcommands of a container, and all that were called', () => {
    const client = new ClientRoom().enter();
    client.call('CLIENT', 'ID');
    client.call('CLIENT', 'GETNAME');
    client.call('PING');
    client.call('HELLO', '3');
    const names = (...words: string[]) => {
      const reply = client.call('LATENCY', 'HISTOGRAM', ...words);
      return [...reply.matchAll(/"([^"]+)": \{"calls"/g)].map(([, name]) => name);
    };
    expect(names('client')).toEqual(['client|getname', 'client|id']);
    expect(names('CLIENT|ID', 'nosuch', 'ping', 'incr')).toEqual(['client|id', 'ping']);
    expect(names().sort()).toEqual([
      'client|getname',
      'client|id',
      'hello',
      'latency|histogram',
      'ping',
    ]);
  });
});

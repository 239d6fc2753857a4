import { beforeEach, describe, expect, it } from 'vitest';
import { ClientRoom, type RoomClient } from '../../test/support/client-room.ts';
import { COMMANDS } from '../commands/catalog.ts';
import { Registry } from '../commands/registry.ts';
import { Args } from '../protocol/args.ts';
import { timesEachCommand } from './call-observation.ts';

const START_SECONDS = 1_704_067_200;

let room: ClientRoom;
let client: RoomClient;

beforeEach(() => {
  room = new ClientRoom();
  room.latency.thresholdMilliseconds = 5;
  room.followThresholds();
  client = room.enter();
});

/** Notes one spike of an event, now. */
function spike(event: string, milliseconds: number): void {
  room.latency.record(event, milliseconds, room.keyspace.nowMs);
}

describe('recording', () => {
  it('takes what reaches the threshold', () => {
    spike('command', 4.999);
    spike('command', 5);
    room.latency.thresholdMilliseconds = 0;
    spike('command', 5_000);
    expect(room.latency.event('command')).toMatchObject({
      samples: [{ timeSeconds: START_SECONDS, milliseconds: 5 }],
      maxMilliseconds: 5,
    });
  });

  it('keeps the worst of each second', () => {
    spike('command', 20);
    spike('command', 30.9);
    spike('command', 10);
    room.pass(1_000);
    spike('command', 7);
    expect(room.latency.event('command')!.samples).toEqual([
      { timeSeconds: START_SECONDS, milliseconds: 30 },
      { timeSeconds: START_SECONDS + 1, milliseconds: 7 },
    ]);
  });

  it('keeps the last 160, and the worst of all time', () => {
    spike('command', 999);
    for (let i = 0; i < 165; i++) {
      room.pass(1_000);
      spike('command', 10 + i);
    }
    const { samples, maxMilliseconds } = room.latency.event('command')!;
    expect(samples).toHaveLength(160);
    expect(samples[0]!.milliseconds).toBe(15);
    expect(maxMilliseconds).toBe(999);
  });

  it('tells slow commands from fast ones that were slow', () => {
    room.debugging.permission = 'yes';
    room.latency.thresholdMilliseconds = 100;
    client.send(['GET', 'k'], ['DEBUG', 'SLEEP', '0.11'], ['GET', 'k']);
    expect(room.latency.events().map(({ name }) => name)).toEqual(['command']);
    const registry = new Registry(COMMANDS);
    const args = Args.of(Buffer.from('GET'), Buffer.from('k'));
    room.latency.timed(client.session, registry.registered('get')!, args, 100_900);
    expect(room.latency.event('fast-command')!.maxMilliseconds).toBe(100);
  });
});

describe('timing each command', () => {
  it.each([
    [10_000, 0, false],
    [1_000, 0, false],
    [999, 0, true],
    [0, 0, true],
    [-1, 0, false],
    [-1, 1, true],
    [10_000, 100, true],
  ])('with slowlog-log-slower-than %i and latency-monitor-threshold %i: %s', (us, ms, each) => {
    expect(timesEachCommand(us, ms)).toBe(each);
  });
});

describe('LATENCY', () => {
  beforeEach(() => {
    spike('command', 20);
    room.pass(61_000);
    spike('command', 8);
    spike('fast-command', 6);
  });

  it('LATEST and HISTORY tell what was recorded', () => {
    const [first, last] = [START_SECONDS, START_SECONDS + 61].map((time) => `(integer) ${time}`);
    expect(client.call('LATENCY', 'LATEST')).toBe(
      `[["command", ${last}, (integer) 8, (integer) 20], ` +
        `["fast-command", ${last}, (integer) 6, (integer) 6]]`,
    );
    expect(client.call('LATENCY', 'HISTORY', 'command')).toBe(
      `[[${first}, (integer) 20], [${last}, (integer) 8]]`,
    );
    expect(client.call('LATENCY', 'HISTORY', '__proto__')).toBe('[]');
  });

  it('RESET forgets some events, or all', () => {
    expect(client.call('LATENCY', 'RESET', 'fast-command', 'nosuch')).toBe('(integer) 1');
    expect(client.call('LATENCY', 'RESET')).toBe('(integer) 1');
    expect(client.call('LATENCY', 'LATEST')).toBe('[]');
  });

  it('GRAPH draws', () => {
    client.session.resp3 = true;
    expect(client.call('LATENCY', 'GRAPH', 'command')).toMatch(
      /^\(txt\) "command - high 20 ms, low 8 ms \(all time high 20 ms\)\\n-{80}\\n#/,
    );
    expect(client.call('LATENCY', 'GRAPH', 'nosuch')).toBe(
      "(error) ERR No samples available for event 'nosuch'",
    );
  });

  it('DOCTOR reports', () => {
    expect(client.call('LATENCY', 'DOCTOR')).toContain(
      'command: 2 spikes, one in 30.50 s, average 14 ms, mean deviation 6 ms, worst of all time 20 ms',
    );
  });
});

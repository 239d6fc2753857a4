/** Watching the server at work: SLOWLOG, LATENCY, MONITOR. */
import type { Args } from '../../protocol/args.ts';
import type { ClientState } from './clients.ts';

/** One slow command. */
export interface SlowlogEntry {
  readonly id: number;
  readonly timeSeconds: number;
  readonly microseconds: number;
  /** Arguments, shortened as SLOWLOG shows them, secrets left out. */
  readonly args: readonly Buffer[];
  readonly clientAddress: string;
  readonly clientName: string;
}

/** The log of commands slower than slowlog-log-slower-than. */
export interface Slowlog {
  readonly length: number;
  /** Newest first; at most `count`. */
  entries(count: number): readonly SlowlogEntry[];
  reset(): void;
}

/** One spike: when it was, and how long. */
export interface LatencySample {
  readonly timeSeconds: number;
  readonly milliseconds: number;
}

/** Latency spikes of one event. */
export interface LatencyEvent {
  readonly name: string;
  /** Oldest first; at most 160, and one for each second. */
  readonly samples: readonly LatencySample[];
  readonly maxMilliseconds: number;
}

/** Spikes of at least latency-monitor-threshold. */
export interface LatencyMonitor {
  /** 0 when nothing is recorded. */
  readonly thresholdMilliseconds: number;
  events(): readonly LatencyEvent[];
  event(name: string): LatencyEvent | undefined;
  /** Forgets the named events, or all; how many there were. */
  reset(names: readonly string[]): number;
}

/** Clients that watch every command. */
export interface Monitors {
  add(client: ClientState): void;
  remove(client: ClientState): void;
  /** Shows a command of a client ahead of those that it runs, where anybody watches. */
  show(client: ClientState, args: Args): void;
}

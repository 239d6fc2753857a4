/** The latency monitor: spikes of named events, the last ones in full and the worst of all time. */
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type {
  LatencyEvent,
  LatencyMonitor as LatencyMonitorService,
  LatencySample,
} from '../commands/services/observation.ts';
import type { Args } from '../protocol/args.ts';
import type { CallObserver } from './listeners.ts';
import type { Session } from './session.ts';

const SAMPLES_MAX = 160;

/** See the file's comment. */
export class LatencyMonitor implements LatencyMonitorService, CallObserver {
  /** latency-monitor-threshold; for whoever knows the configuration to set. */
  thresholdMilliseconds = 0;

  readonly #events = new Map<string, EventHistory>();

  events(): readonly LatencyEvent[] {
    return [...this.#events.values()];
  }

  event(name: string): LatencyEvent | undefined {
    return this.#events.get(name);
  }

  reset(names: readonly string[]): number {
    if (names.length > 0) return names.filter((name) => this.#events.delete(name)).length;
    const count = this.#events.size;
    this.#events.clear();
    return count;
  }

  timed(session: Session, command: RegisteredCommand, _args: Args, microseconds: number): void {
    const name = (command.mask & FLAG_BITS.fast) !== 0 ? 'fast-command' : 'command';
    this.record(name, microseconds / 1000, session.keyspace.nowMs);
  }

  /**
   * Notes how long an event took that ended at `nowMs`, if that is long enough. There are few
   * names.
   */
  record(name: string, milliseconds: number, nowMs: number): void {
    if (this.thresholdMilliseconds === 0 || milliseconds < this.thresholdMilliseconds) return;
    let history = this.#events.get(name);
    if (history === undefined) {
      history = new EventHistory(name);
      this.#events.set(name, history);
    }
    history.add(Math.floor(nowMs / 1000), Math.floor(milliseconds));
  }
}

/** The spikes of one event: at most one for each second, the worst. */
class EventHistory implements LatencyEvent {
  readonly name: string;
  readonly samples: LatencySample[] = [];
  maxMilliseconds = 0;

  constructor(name: string) {
    this.name = name;
  }

  add(timeSeconds: number, milliseconds: number): void {
    this.maxMilliseconds = Math.max(this.maxMilliseconds, milliseconds);
    const last = this.samples.at(-1);
    if (last?.timeSeconds === timeSeconds) {
      if (milliseconds > last.milliseconds) this.samples.pop();
      else return;
    }
    this.samples.push({ timeSeconds, milliseconds });
    if (this.samples.length > SAMPLES_MAX) this.samples.shift();
  }
}

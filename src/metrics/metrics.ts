/** All that Prometheus is shown. Nothing is counted for it: it sees the counters of INFO. */
import { setImmediate } from 'node:timers/promises';
import type { InfoSource } from '../commands/info/section.ts';
import { clientFamilies } from './client-families.ts';
import { commandFamilies } from './command-families.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import { exposition } from './exposition.ts';
import type { FamilySource } from './family.ts';
import { INFO_ROWS, instanceFamilies, sectionFamilies } from './info-families.ts';
import { keyspaceFamilies, memoryFamilies } from './keyspace-families.ts';
import { observationFamilies } from './observation-families.ts';
import { type RuntimeMetrics, runtimeMetrics } from './runtime-metrics.ts';

/** Lets the event loop turn once. */
const turn = (): Promise<unknown> => setImmediate();

/** See the file's comment. */
export class Metrics {
  readonly #sources: readonly FamilySource[];
  readonly #delay = new EventLoopDelay();
  readonly #runtime: RuntimeMetrics;

  constructor(source: InfoSource) {
    const { statistics, configuration } = source.services;
    this.#runtime = runtimeMetrics();
    this.#sources = [
      () => instanceFamilies(source),
      ...INFO_ROWS.map(
        ([section, rows]) =>
          () =>
            sectionFamilies(section, rows, source),
      ),
      () => clientFamilies(source),
      () => memoryFamilies(source),
      () => keyspaceFamilies(source),
      () => this.#delay.families(),
      () => observationFamilies(source),
      () => commandFamilies(statistics, configuration.textOf('latency-tracking') === 'yes'),
    ];
  }

  /**
   * The text of all metrics now. `breathe` lets the event loop turn; as often as there is work for
   * half a millisecond.
   */
  async text(breathe = turn): Promise<string> {
    const text = await exposition(this.#sources, breathe);
    await breathe();
    return text + (await this.#runtime());
  }

  stop(): void {
    this.#delay.stop();
  }
}

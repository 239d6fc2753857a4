/**
 * Counts what the engine does. Per-command figures lie in flat arrays, indexed by the command's id.
 */
import type { RegisteredCommand, Registry } from '../commands/registry.ts';
import type {
  CommandStatistics,
  DefragmentationFigures,
  EvictionFigures,
  Statistics,
} from '../commands/services/statistics.ts';
import { EventLoopStatistics } from './event-loop.ts';
import { Rate } from './rate.ts';

const HISTOGRAM_BUCKETS = 64;
/** Error codes that are counted by name; a script can make up any number of them. */
const ERROR_CODES_MAX = 128;

/** Where memory has no limit. */
const NO_EVICTION: EvictionFigures = {
  unlimitedBytes: 0,
  totalExceededMs: 0,
  currentExceededMs: 0,
  resetExceeded: () => undefined,
};

/** See the file's comment. */
export class EngineStatistics implements Statistics {
  readonly startMs: number;
  commandsProcessed = 0;
  commandMicroseconds = 0;
  connectionsReceived = 0;
  connectionsRejected = 0;
  clientsEvicted = 0;
  reads = 0;
  writes = 0;
  inputBytes = 0;
  outputBytes = 0;
  expiryMilliseconds = 0;
  expiryLimitsReached = 0;
  errorReplies = 0;
  readonly eventLoop = new EventLoopStatistics();
  /** For whoever has a defragmenter to set. */
  defragmentation: DefragmentationFigures = { isRunning: false, moved: 0, milliseconds: 0 };
  /** For whoever limits memory to set. */
  eviction: EvictionFigures = NO_EVICTION;
  readonly errors = new Map<string, number>();
  peakMemoryBytes = 0;

  readonly #registry: Registry;
  readonly #calls: Float64Array;
  readonly #microseconds: Float64Array;
  readonly #rejected: Float64Array;
  readonly #failed: Float64Array;
  /**
   * Of all commands, one behind the other, so that the first call of a command is like any other:
   * what only that did would throw compiled code away.
   */
  readonly #histograms: Float64Array;
  readonly #operations = new Rate();
  readonly #input = new Rate();
  readonly #output = new Rate();

  constructor(registry: Registry, startMs: number) {
    this.#registry = registry;
    this.startMs = startMs;
    this.#calls = new Float64Array(registry.all.length);
    this.#microseconds = new Float64Array(registry.all.length);
    this.#rejected = new Float64Array(registry.all.length);
    this.#failed = new Float64Array(registry.all.length);
    this.#histograms = new Float64Array(registry.all.length * HISTOGRAM_BUCKETS);
  }

  /** Counts `calls` runs of a command that took so long together. */
  called(command: RegisteredCommand, calls: number, microseconds: number): void {
    const id = command.id;
    this.#calls[id]! += calls;
    this.#microseconds[id]! += microseconds;
    this.commandsProcessed += calls;
    this.commandMicroseconds += microseconds;
    const bucket = bucketOf((microseconds * 1000) / calls);
    this.#histograms[id * HISTOGRAM_BUCKETS + bucket]! += calls;
  }

  /** Counts an error reply; `command` is what was refused or failed, if it was known. */
  failedWith(text: string, command: RegisteredCommand | null, ran: boolean): void {
    this.errorReplies++;
    const end = text.indexOf(' ');
    const code = end < 0 ? text : text.slice(0, end);
    const count = this.errors.get(code);
    if (count !== undefined || this.errors.size < ERROR_CODES_MAX) {
      this.errors.set(code, (count ?? 0) + 1);
    }
    if (command !== null) (ran ? this.#failed : this.#rejected)[command.id]! += 1;
  }

  /** To be called every 100 ms. */
  sample(nowMs: number, usedBytes: number): void {
    this.#operations.sample(this.commandsProcessed, nowMs);
    this.#input.sample(this.inputBytes, nowMs);
    this.#output.sample(this.outputBytes, nowMs);
    this.eventLoop.sample(nowMs);
    this.peakMemoryBytes = Math.max(this.peakMemoryBytes, usedBytes);
  }

  operationsPerSecond(): number {
    return Math.round(this.#operations.value());
  }

  inputKilobytesPerSecond(): number {
    return this.#input.value() / 1024;
  }

  outputKilobytesPerSecond(): number {
    return this.#output.value() / 1024;
  }

  *commands(): Iterable<CommandStatistics> {
    for (const command of this.#registry.all) {
      const figures = this.#of(command);
      if (figures.calls + figures.rejected + figures.failed > 0) yield figures;
    }
  }

  ofCommand(fullName: string): CommandStatistics | undefined {
    const command = this.#registry.registered(fullName);
    return command === undefined ? undefined : this.#of(command);
  }

  reset(): void {
    for (const figures of [this.#calls, this.#microseconds, this.#rejected, this.#failed]) {
      figures.fill(0);
    }
    this.#histograms.fill(0);
    this.errors.clear();
    for (const rate of [this.#operations, this.#input, this.#output]) rate.reset();
    this.eventLoop.reset();
    this.eviction.resetExceeded();
    this.commandsProcessed = 0;
    this.commandMicroseconds = 0;
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.clientsEvicted = 0;
    this.reads = 0;
    this.writes = 0;
    this.inputBytes = 0;
    this.outputBytes = 0;
    this.expiryMilliseconds = 0;
    this.expiryLimitsReached = 0;
    this.errorReplies = 0;
  }

  #of(command: RegisteredCommand): CommandStatistics {
    const id = command.id;
    const first = id * HISTOGRAM_BUCKETS;
    return {
      fullName: command.fullName,
      calls: this.#calls[id]!,
      microseconds: Math.round(this.#microseconds[id]!),
      rejected: this.#rejected[id]!,
      failed: this.#failed[id]!,
      histogram: this.#histograms.subarray(first, first + HISTOGRAM_BUCKETS),
    };
  }
}

/** The bucket of a duration: its binary logarithm, which counting zeros gives sooner. */
function bucketOf(nanoseconds: number): number {
  if (nanoseconds < 2 ** 31) return 31 - Math.clz32(nanoseconds | 1);
  return Math.min(HISTOGRAM_BUCKETS - 1, Math.floor(Math.log2(nanoseconds)));
}

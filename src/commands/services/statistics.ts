/** What the engine counts, as INFO and LATENCY HISTOGRAM read it. */

/** One command's counts since the last reset. */
export interface CommandStatistics {
  readonly fullName: string;
  readonly calls: number;
  readonly microseconds: number;
  /** Refused before running (arity, password, ...), and failed while running. */
  readonly rejected: number;
  readonly failed: number;
  /** Calls by duration; index i counts those of at least 2^i and less than 2^(i+1) nanoseconds. */
  readonly histogram: Float64Array;
}

/** The event loop of the thread that executes commands, since the last reset. */
export interface EventLoopFigures {
  /** Turns of the loop, and the time it spent working rather than waiting. */
  readonly cycles: number;
  readonly microseconds: number;
  /** Over the last samples. */
  cyclesPerSecond(): number;
  microsecondsPerCycle(): number;
}

/** What the defragmenter does. */
export interface DefragmentationFigures {
  readonly isRunning: boolean;
  /** Records that were moved. */
  readonly moved: number;
  /** Time that its slices took. */
  readonly milliseconds: number;
}

/** How well memory is held at its limit. */
export interface EvictionFigures {
  /** Bytes of buffers that the limit leaves out. */
  readonly unlimitedBytes: number;
  /** How long memory has been beyond the limit, in all and now. */
  readonly totalExceededMs: number;
  readonly currentExceededMs: number;
  /** The total begins anew. */
  resetExceeded(): void;
}

/** Counters of the engine and the network. */
export interface Statistics {
  readonly startMs: number;
  commandsProcessed: number;
  /** Time spent in commands. */
  readonly commandMicroseconds: number;
  connectionsReceived: number;
  connectionsRejected: number;
  /** Disconnected because all clients together took too much. */
  clientsEvicted: number;
  /** Reads from and writes to sockets, and their bytes. */
  reads: number;
  writes: number;
  inputBytes: number;
  outputBytes: number;
  /** Time spent on removing due keys, and how often its limit ended a round with keys left. */
  expiryMilliseconds: number;
  expiryLimitsReached: number;
  readonly eventLoop: EventLoopFigures;
  readonly defragmentation: DefragmentationFigures;
  readonly eviction: EvictionFigures;
  /** Error replies in all, and by their code. */
  errorReplies: number;
  readonly errors: ReadonlyMap<string, number>;
  /** Operations and bytes per second, over the last 16 samples of 100 ms. */
  operationsPerSecond(): number;
  inputKilobytesPerSecond(): number;
  outputKilobytesPerSecond(): number;
  /** Commands that were called or refused at least once. */
  commands(): Iterable<CommandStatistics>;
  ofCommand(fullName: string): CommandStatistics | undefined;
  peakMemoryBytes: number;
  /** Back to zero, but for the start and the peak of memory. */
  reset(): void;
}

/**
 * What clients may make the server hold, copied from the configuration for code that runs per
 * command.
 */

/** When a client that reads too slowly is disconnected; 0 bytes are no limit. */
export interface OutputLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** Limits in force. */
export interface Limits {
  /** proto-max-bulk-len */
  bulkBytesMax: number;
  /** client-query-buffer-limit */
  queryBytesMax: number;
  /** client-output-buffer-limit normal */
  output: OutputLimit;
  /** client-output-buffer-limit pubsub: of clients that subscribe. */
  subscriberOutput: OutputLimit;
  /**
   * What may wait for a client that runs MONITOR. It asks for more than it can know beforehand, so
   * it has a limit also where normal clients have none: that of pub/sub clients.
   */
  monitorBytesMax: number;
}

/** Redis's defaults. */
export function defaultLimits(): Limits {
  return {
    bulkBytesMax: 512 * 1024 * 1024,
    queryBytesMax: 1024 * 1024 * 1024,
    output: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
    subscriberOutput: {
      hardBytes: 32 * 1024 * 1024,
      softBytes: 8 * 1024 * 1024,
      softSeconds: 60,
    },
    monitorBytesMax: 32 * 1024 * 1024,
  };
}

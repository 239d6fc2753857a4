/** Sizes at which values change their encoding, copied from the configuration. */
export interface Thresholds {
  /** hll-sparse-max-bytes: the longest HyperLogLog, with its header, that stays sparse. */
  hyperloglogSparseBytesMax: number;
}

/** Redis's defaults. */
export function defaultThresholds(): Thresholds {
  return { hyperloglogSparseBytesMax: 3000 };
}

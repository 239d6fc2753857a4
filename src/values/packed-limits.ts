/** Up to which size a collection is packed in its record, copied from the configuration. */
export class PackedLimits {
  /** Most fields or members. */
  entriesMax: number;
  /** Longest field, value or member, in bytes. */
  valueBytesMax: number;

  /** Redis's defaults. */
  constructor(entriesMax: number, valueBytesMax: number) {
    this.entriesMax = entriesMax;
    this.valueBytesMax = valueBytesMax;
  }
}

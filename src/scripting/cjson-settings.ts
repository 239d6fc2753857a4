/** What scripts can set of `cjson`. Settings stay until the state is dropped. */

/** What becomes of numbers that JSON does not have. */
export type InvalidNumbers = 'off' | 'on' | 'null';

/** See the file's comment. */
export class CjsonSettings {
  /** Whether an array that lacks too much becomes an object. */
  sparseConvert = false;
  /** It lacks too much with more than so many places per element, beyond so many places. */
  sparseRatio = 2;
  sparseSafe = 10;
  encodeDepthMax = 1000;
  decodeDepthMax = 1000;
  /** Significant digits of numbers. */
  precision = 14;
  encodeInvalid: InvalidNumbers = 'off';
  decodeInvalid = true;
  /** Has no effect: memory is kept as long as there is not too much of it. */
  keepsBuffer = true;
}

/** What the commands on HyperLogLogs ask of a string before they take it for one. */
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { hasSoundRegisters, isHyperLogLog } from '../values/hyperloglog.ts';
import { CommandError } from './errors.ts';

const NO_HYPERLOGLOG = new CommandError('WRONGTYPE Key is not a valid HyperLogLog string value.');
export const CORRUPTED: CommandError = new CommandError('INVALIDOBJ Corrupted HLL object detected');

/** Throws for a string that does not have the form of a HyperLogLog. */
export function requireHyperLogLog({ bytes, start, length }: EntryCell): void {
  if (!isHyperLogLog(bytes, start, length)) throw NO_HYPERLOGLOG;
}

/** Throws for a HyperLogLog whose registers cannot be read. */
export function requireSoundRegisters(cell: EntryCell): void {
  if (!hasSoundRegisters(cell)) throw CORRUPTED;
}

/**
 * The slow log: the commands that took longest, with as much of their arguments as tells what they
 * were.
 */
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type { SlowlogEntry, Slowlog as SlowlogService } from '../commands/services/observation.ts';
import type { Args } from '../protocol/args.ts';
import type { CallObserver } from './listeners.ts';
import { REDACTED, secretsOf } from './secrets.ts';
import type { Session } from './session.ts';

const ARGUMENTS_MAX = 32;
const ARGUMENT_BYTES_MAX = 128;

/**
 * See the file's comment. The fields that are not read-only are for whoever knows the configuration
 * to set.
 */
export class Slowlog implements SlowlogService, CallObserver {
  /**
   * slowlog-log-slower-than: from how many microseconds on a command is logged; negative for never.
   */
  slowerThanMicroseconds = 10_000;
  /** slowlog-max-len: takes effect with the next entry. */
  lengthMax = 128;

  /** Oldest first. */
  #entries: SlowlogEntry[] = [];
  #nextId = 0;

  get length(): number {
    return this.#entries.length;
  }

  entries(count: number): readonly SlowlogEntry[] {
    return count === 0 ? [] : this.#entries.slice(-count).reverse();
  }

  reset(): void {
    this.#entries = [];
  }

  timed(session: Session, command: RegisteredCommand, args: Args, microseconds: number): void {
    if (this.slowerThanMicroseconds < 0 || microseconds < this.slowerThanMicroseconds) return;
    if ((command.mask & FLAG_BITS.skip_slowlog) !== 0 || this.lengthMax === 0) return;
    this.#entries.push({
      id: this.#nextId++,
      timeSeconds: Math.floor(session.keyspace.nowMs / 1000),
      microseconds: Math.round(microseconds),
      args: shortened(args, secretsOf(session, command, args)),
      clientAddress: session.transport.address,
      clientName: session.name,
    });
    const excess = this.#entries.length - this.lengthMax;
    if (excess > 0) this.#entries.splice(0, excess);
  }
}

/**
 * Copies of the arguments; of too many, and of too long ones, only the beginning and how much is
 * left out.
 */
function shortened(args: Args, secrets: readonly number[]): Buffer[] {
  const isWhole = args.count <= ARGUMENTS_MAX;
  const shown = isWhole ? args.count : ARGUMENTS_MAX - 1;
  const copies: Buffer[] = [];
  for (let i = 0; i < shown; i++) {
    copies.push(secrets.includes(i) ? REDACTED : shortenedArgument(args, i));
  }
  if (!isWhole) copies.push(Buffer.from(`... (${args.count - shown} more arguments)`));
  return copies;
}

function shortenedArgument(args: Args, i: number): Buffer {
  const length = args.length(i);
  if (length <= ARGUMENT_BYTES_MAX) return args.copy(i);
  const start = args.start(i);
  return Buffer.concat([
    args.bytes.subarray(start, start + ARGUMENT_BYTES_MAX),
    Buffer.from(`... (${length - ARGUMENT_BYTES_MAX} more bytes)`),
  ]);
}

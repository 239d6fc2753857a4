/** The options of XCLAIM. */
import type { Args } from '../protocol/args.ts';
import { StreamId } from '../structures/stream-id.ts';
import type { Claim } from '../values/stream-group.ts';
import { CommandError, echo } from './errors.ts';
import { int64At, integerAt } from './options.ts';
import { isIdAt, readIdAt } from './stream-access.ts';

const INVALID_MIN_IDLE = invalid('min-idle-time argument');
const INVALID_IDLE = invalid('IDLE option argument');
const INVALID_TIME = invalid('TIME option argument');
const INVALID_RETRY_COUNT = invalid('RETRYCOUNT option argument');

const FIRST_ID = 5;
const NOT_GIVEN = -1;

/** What was asked for. One serves all commands: each reads its own before it does anything. */
export class ClaimOptions implements Claim {
  minIdleMs = 0;
  nowMs = 0;
  deliveredMs = 0;
  deliveries = -1n;
  force = false;
  justIds = false;
  /** The ids are the arguments from 5 to before this one. */
  idsEnd = FIRST_ID;
  /** What the group goes on behind at least; 0-0 when it was not given. */
  readonly lastId: StreamId = new StreamId();

  /** Sets what holds when nothing else is given. */
  begin(nowMs: number, minIdleMs: number): void {
    this.nowMs = nowMs;
    this.minIdleMs = Math.max(minIdleMs, 0);
    this.deliveredMs = nowMs;
    this.deliveries = -1n;
    this.force = false;
    this.justIds = false;
    this.lastId.setMin();
  }

  /** Reads the arguments of XCLAIM behind the consumer. */
  readClaim(args: Args, nowMs: number): void {
    this.begin(nowMs, integerAt(args, 4, INVALID_MIN_IDLE));
    let i = FIRST_ID;
    while (i < args.count && isIdAt(args, i)) i++;
    this.idsEnd = i;
    let deliveredMs = NOT_GIVEN;
    for (; i < args.count; i++) {
      const hasMore = i + 1 < args.count;
      if (args.is(i, 'FORCE')) this.force = true;
      else if (args.is(i, 'JUSTID')) this.justIds = true;
      else if (hasMore && args.is(i, 'IDLE')) {
        deliveredMs = nowMs - integerAt(args, ++i, INVALID_IDLE);
      } else if (hasMore && args.is(i, 'TIME')) {
        deliveredMs = integerAt(args, ++i, INVALID_TIME);
      } else if (hasMore && args.is(i, 'RETRYCOUNT')) {
        this.deliveries = int64At(args, ++i, INVALID_RETRY_COUNT);
      } else if (hasMore && args.is(i, 'LASTID')) {
        readIdAt(args, ++i, this.lastId);
      } else {
        const word = echo(args, i, args.length(i));
        throw new CommandError(`ERR Unrecognized XCLAIM option '${word}'`);
      }
    }
    // A time that cannot be comes from a client whose clock is another.
    if (deliveredMs >= 0 && deliveredMs <= nowMs) this.deliveredMs = deliveredMs;
  }
}

function invalid(what: string): CommandError {
  return new CommandError(`ERR Invalid ${what} for XCLAIM`);
}

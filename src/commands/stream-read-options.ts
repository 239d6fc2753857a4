/** The options of XREAD and XREADGROUP, and the streams that they name. */
import type { Args } from '../protocol/args.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { integerAt } from './options.ts';
import { timeoutInMsAt } from './timeout.ts';

const MISSING_GROUP: CommandError = new CommandError('ERR Missing GROUP option for XREADGROUP');

/** Without BLOCK. */
export const DOES_NOT_BLOCK = -1;

/** What was asked for. One serves all commands: each reads its own before it does anything. */
export class ReadOptions {
  /** Most entries of each stream, 0 for all. */
  countMax = 0;
  /** How long to wait for entries, 0 for ever, or DOES_NOT_BLOCK. */
  blockMs = DOES_NOT_BLOCK;
  noAck = false;
  /** Index of the name of the group, 0 for none; the consumer's is behind it. */
  group = 0;
  /** Streams are the arguments from `firstKey` on, so many, and as many ids behind them. */
  firstKey = 0;
  streams = 0;

  /** Reads the options of XREAD or XREADGROUP. */
  read(args: Args, isOfGroup: boolean): void {
    this.countMax = 0;
    this.blockMs = DOES_NOT_BLOCK;
    this.noAck = false;
    this.group = 0;
    this.firstKey = 0;
    for (let i = 1; i < args.count && this.firstKey === 0; i++) {
      i = this.#readOption(args, i, isOfGroup);
    }
    if (this.firstKey === 0) throw SYNTAX_ERROR;
    this.streams = (args.count - this.firstKey) >> 1;
    if (this.streams * 2 !== args.count - this.firstKey) throw unbalanced(isOfGroup);
    if (isOfGroup && this.group === 0) throw MISSING_GROUP;
  }

  /** Reads the option at argument `i`; returns the index of its last argument. */
  #readOption(args: Args, i: number, isOfGroup: boolean): number {
    const more = args.count - i - 1;
    if (more >= 1 && args.is(i, 'BLOCK')) {
      this.blockMs = timeoutInMsAt(args, i + 1);
      return i + 1;
    }
    if (more >= 1 && args.is(i, 'COUNT')) {
      this.countMax = Math.max(integerAt(args, i + 1), 0);
      return i + 1;
    }
    if (more >= 1 && args.is(i, 'STREAMS')) {
      this.firstKey = i + 1;
      return i;
    }
    if (more >= 2 && args.is(i, 'GROUP')) {
      if (!isOfGroup) throw onlyOfGroup('GROUP');
      this.group = i + 1;
      return i + 2;
    }
    if (!args.is(i, 'NOACK')) throw SYNTAX_ERROR;
    if (!isOfGroup) throw onlyOfGroup('NOACK');
    this.noAck = true;
    return i;
  }
}

function onlyOfGroup(option: string): CommandError {
  return new CommandError(
    `ERR The ${option} option is only supported by XREADGROUP. You called XREAD instead.`,
  );
}

function unbalanced(isOfGroup: boolean): CommandError {
  const name = isOfGroup ? 'xreadgroup' : 'xread';
  const id = isOfGroup ? '>' : '$';
  return new CommandError(
    `ERR Unbalanced '${name}' list of streams: for each stream key an ID or '${id}' must be specified.`,
  );
}

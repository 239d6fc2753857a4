/** Looking into HyperLogLogs. */
import { TYPE_STRING } from '../keyspace/entry.ts';
import type { EntryCell } from '../keyspace/entry-cell.ts';
import { REWRITTEN } from '../keyspace/events.ts';
import type { Args } from '../protocol/args.ts';
import type { Reply } from '../protocol/reply.ts';
import { describeSparse, isSparse, makeDense, raiseTo } from '../values/hyperloglog.ts';
import { REGISTER_COUNT } from '../values/hyperloglog-registers.ts';
import { selfTest } from '../values/hyperloglog-self-test.ts';
import { STRING_RAW } from '../values/string.ts';
import { writeCollection } from './collection-access.ts';
import type { Command, Context } from './command.ts';
import { CommandError, echo } from './errors.ts';
import { requireHyperLogLog, requireSoundRegisters } from './hyperloglog-access.ts';

export const pfdebug: Command = {
  name: 'PFDEBUG',
  group: 'hyperloglog',
  since: '2.8.9',
  summary:
    'Shows how a HyperLogLog is held: GETREG all registers, DECODE the runs of a sparse one, ' +
    'ENCODING its encoding. GETREG and TODENSE make it dense.',
  complexity: 'O(1)',
  arity: 3,
  flags: ['write', 'denyoom', 'admin'],
  keys: [{ flags: ['RW', 'access'], begin: { index: 2 }, find: { last: 0, step: 1, limit: 0 } }],
  syntax: 'subcommand key',
  docFlags: ['syscmd'],
  run(context, args, reply) {
    const cell = writeCollection(context, args, KEY, TYPE_STRING);
    if (cell === null) throw NO_KEY;
    requireHyperLogLog(cell);
    cell.encoding = STRING_RAW;
    if (args.is(1, 'GETREG')) replyRegisters(context, args, reply, cell);
    else if (args.is(1, 'DECODE')) replyRuns(reply, cell);
    else if (args.is(1, 'ENCODING')) replyEncoding(reply, cell);
    else if (args.is(1, 'TODENSE')) reply.integer(toDense(context, args, cell) ? 1 : 0);
    else throw unknownView(args);
  },
};

export const pfselftest: Command = {
  name: 'PFSELFTEST',
  group: 'hyperloglog',
  since: '2.8.9',
  summary: 'Tests the implementation of HyperLogLogs.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['admin'],
  docFlags: ['syscmd'],
  run(_context, _args, reply) {
    const problem = selfTest();
    if (problem === undefined) reply.ok();
    else reply.error(`ERR TESTFAILED ${problem}`);
  },
};

const NO_KEY = new CommandError('ERR The specified key does not exist');
const NOT_SPARSE = new CommandError('ERR HLL encoding is not sparse');
const KEY = 2;

function unknownView(args: Args): CommandError {
  return new CommandError(`ERR Unknown PFDEBUG subcommand '${echo(args, 1)}'`);
}

function replyRegisters(context: Context, args: Args, reply: Reply, cell: EntryCell): void {
  toDense(context, args, cell);
  const registers = new Uint8Array(REGISTER_COUNT);
  raiseTo(registers, cell);
  reply.array(REGISTER_COUNT);
  for (const value of registers) reply.integer(value);
}

function replyRuns(reply: Reply, cell: EntryCell): void {
  if (!isSparse(cell.bytes, cell.start)) throw NOT_SPARSE;
  reply.text(describeSparse(cell));
}

function replyEncoding(reply: Reply, cell: EntryCell): void {
  reply.status(isSparse(cell.bytes, cell.start) ? 'sparse' : 'dense');
}

/** Makes a sparse HyperLogLog dense; whether it was one. */
function toDense(context: Context, args: Args, cell: EntryCell): boolean {
  if (!isSparse(cell.bytes, cell.start)) return false;
  requireSoundRegisters(cell);
  makeDense(cell);
  context.database.changed(args, KEY, REWRITTEN);
  return true;
}

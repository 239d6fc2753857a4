/** Small commands about the server itself. */
import type { Args } from '../protocol/args.ts';
import type { Command } from './command.ts';
import { drawHills, drawTumblingStars } from './lolwut-art.ts';
import { integerAt } from './options.ts';
import { REDIS_VERSION } from './version.ts';

const MICROSECONDS_PER_SECOND = 1_000_000;

/** The drawings are named after the versions of Redis that brought a new one. */
const STARS_VERSION = 5;
const HILLS_VERSION = 6;

export const time: Command = {
  name: 'TIME',
  group: 'server',
  since: '2.6.0',
  summary: 'Returns the time: seconds since the epoch, and microseconds of the current one.',
  complexity: 'O(1)',
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  tips: ['nondeterministic_output'],
  run({ services }, _args, reply) {
    const microseconds = services.wallClock.commandMicroseconds();
    reply.array(2);
    reply.text(String(Math.floor(microseconds / MICROSECONDS_PER_SECOND)));
    reply.text(String(microseconds % MICROSECONDS_PER_SECOND));
  },
};

export const lolwut: Command = {
  name: 'LOLWUT',
  group: 'server',
  since: '5.0.0',
  summary: 'Draws something, and tells the version.',
  complexity: 'O(N) where N is the number of letters drawn',
  arity: -1,
  flags: ['readonly', 'fast'],
  syntax: '[VERSION version:integer]',
  run(_context, args, reply) {
    const isChosen = args.count > 2 && args.is(1, 'VERSION');
    const version = isChosen ? integerAt(args, 2) : STARS_VERSION;
    const art = draw(version, args, isChosen ? 3 : args.count);
    const parts = art === undefined ? [] : [art, '', 'Stars and hills by Redstart.'];
    reply.verbatim('txt', [...parts, `Redis ver. ${REDIS_VERSION}\n`].join('\n'));
  },
};

/**
 * The drawing of a version, if it has one; `first` is the argument from which on its size may be
 * given.
 */
function draw(version: number, args: Args, first: number): string | undefined {
  const size = (i: number, standard: number, max: number): number => {
    return first + i < args.count ? clamp(integerAt(args, first + i), max) : standard;
  };
  if (version === STARS_VERSION) {
    return drawTumblingStars(size(0, 66, 1000), size(1, 8, 200), size(2, 4, 200), Math.random);
  }
  if (version !== HILLS_VERSION) return undefined;
  return drawHills(size(0, 80, 1000), size(1, 20, 1000), Math.random);
}

function clamp(size: number, max: number): number {
  return Math.max(1, Math.min(max, size));
}

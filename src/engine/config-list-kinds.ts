/** The kinds of value that are lists, or words with a grammar of their own. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseInt64 } from '../protocol/numbers.ts';
import { ConfigRejection, type Kind, type Setting } from './config-directive.ts';
import { systemReason } from './config-error.ts';
import { parseMemorySize, quoteText, rejectedWord, single, textOf } from './config-kinds.ts';

/** Completes a kind with several arguments on one line. */
function many<T>(
  syntax: string,
  parse: (args: readonly Buffer[], current: Setting<T> | undefined) => Setting<T>,
  lines: (setting: Setting<T>) => readonly string[],
): Kind<T> {
  return {
    syntax,
    takesMany: true,
    accumulates: false,
    parse,
    lines,
    same: (left, right) => left.text === right.text,
  };
}

/** A line that a list can be read back from: an empty list is an empty word. */
function listLine(setting: Setting<unknown>): readonly string[] {
  return [setting.text === '' ? '""' : setting.text];
}

function isEmptyWord(args: readonly Buffer[]): boolean {
  return args.length === 1 && args[0]!.length === 0;
}

function parseIntegerArg(arg: Buffer): bigint | undefined {
  return parseInt64(arg, 0, arg.length);
}

/** Save when `seconds` have passed since the last save and at least `changes` were made. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

function readSavePoints(args: readonly Buffer[]): SavePoint[] {
  if (isEmptyWord(args)) return [];
  const numbers = args.map(parseIntegerArg);
  const points: SavePoint[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const seconds = numbers[at];
    const changes = numbers[at + 1];
    if (seconds === undefined || changes === undefined || seconds < 1n || changes < 0n) {
      throw new ConfigRejection('Invalid save parameters');
    }
    points.push({ seconds: Number(seconds), changes: Number(changes) });
  }
  return points;
}

/**
 * Pairs of seconds and changes. Lines of one load accumulate, which is how old files list their
 * save points, and an empty word clears them; the first line replaces the default.
 */
export const SAVE_POINTS: Kind<readonly SavePoint[]> = {
  syntax: '[<seconds> <changes> ...] | ""',
  takesMany: true,
  accumulates: true,
  clearedBy: '""',
  parse(args, current, again) {
    const given = readSavePoints(args);
    const kept = again && current !== undefined && !isEmptyWord(args) ? current.value : [];
    const value = [...kept, ...given];
    return { value, text: value.map((point) => `${point.seconds} ${point.changes}`).join(' ') };
  },
  lines: ({ value }) =>
    value.length === 0 ? ['""'] : value.map((point) => `${point.seconds} ${point.changes}`),
  same: (left, right) => left.text === right.text,
};

/** When a client that reads too slowly is disconnected; 0 bytes are no limit. */
export interface OutputBufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

export type OutputBufferClass = 'normal' | 'replica' | 'pubsub';

export type OutputBufferLimits = { readonly [Class in OutputBufferClass]: OutputBufferLimit };

const NO_LIMIT: OutputBufferLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 };

const OUTPUT_BUFFER_CLASSES: ReadonlyMap<string, OutputBufferClass> = new Map([
  ['normal', 'normal'],
  ['slave', 'replica'],
  ['replica', 'replica'],
  ['pubsub', 'pubsub'],
]);

function readOutputBufferLimit(args: readonly Buffer[]): OutputBufferLimit {
  const hardBytes = Number(parseMemorySize(args[0]!.toString('latin1')) ?? Number.NaN);
  const softBytes = Number(parseMemorySize(args[1]!.toString('latin1')) ?? Number.NaN);
  const softSeconds = Number(parseIntegerArg(args[2]!) ?? Number.NaN);
  // Above 2^53 there is no telling a limit from none, and a double could not print it.
  const exact = [hardBytes, softBytes, softSeconds].every(Number.isSafeInteger);
  if (!exact || softSeconds < 0) throw rejectedLimit();
  return { hardBytes, softBytes, softSeconds };
}

function rejectedLimit(): ConfigRejection {
  return new ConfigRejection(
    'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
  );
}

/**
 * One text per class, in Redis's order and with its old word for a replica, which clients parse.
 */
function outputBufferTexts(limits: OutputBufferLimits): string[] {
  const print = (name: string, limit: OutputBufferLimit): string =>
    `${name} ${limit.hardBytes} ${limit.softBytes} ${limit.softSeconds}`;
  return [
    print('normal', limits.normal),
    print('slave', limits.replica),
    print('pubsub', limits.pubsub),
  ];
}

/**
 * Groups of class, hard limit, soft limit and soft seconds; classes that are not named keep their
 * limits.
 */
export const OUTPUT_BUFFER_LIMITS: Kind<OutputBufferLimits> = {
  ...many<OutputBufferLimits>(
    '<normal | replica | pubsub> <hard bytes> <soft bytes> <soft seconds> [...]',
    (args, current) => {
      if (args.length % 4 !== 0) {
        throw new ConfigRejection('Wrong number of arguments in buffer limit configuration.');
      }
      const limits = {
        ...(current?.value ?? { normal: NO_LIMIT, replica: NO_LIMIT, pubsub: NO_LIMIT }),
      };
      for (let at = 0; at < args.length; at += 4) {
        const name = OUTPUT_BUFFER_CLASSES.get(args[at]!.toString('latin1').toLowerCase());
        if (name === undefined) {
          throw new ConfigRejection(
            'Invalid client class specified in buffer limit configuration.',
          );
        }
        limits[name] = readOutputBufferLimit(args.slice(at + 1, at + 4));
      }
      return { value: limits, text: outputBufferTexts(limits).join(' ') };
    },
    (setting) => outputBufferTexts(setting.value),
  ),
  accumulates: true,
};

const BIND_ADDRESSES_MAX = 16;

/**
 * Addresses to listen on: `*` is every IPv4 and `::*` every IPv6 one; `-` before one allows it to
 * be missing.
 */
export const ADDRESSES: Kind<readonly string[]> = many(
  '<address> [<address> ...]',
  (args) => {
    if (args.length > BIND_ADDRESSES_MAX) {
      throw new ConfigRejection('Too many bind addresses specified.');
    }
    const value = args.map(textOf).filter((address) => address !== '');
    return { value, text: value.join(' ') };
  },
  ({ value }) => [value.length === 0 ? '""' : value.map(bareOrQuoted).join(' ')],
);

const BARE_WORD = /^[\w.:*%/-]+$/;

function bareOrQuoted(word: string): string {
  return BARE_WORD.test(word) ? word : quoteText(word);
}

const OOM_SCORE_MAX = 2000n;

/**
 * Three adjustments of the kernel's out-of-memory score: for a master, a replica and a background
 * process.
 */
export const OOM_SCORES: Kind<readonly number[]> = many(
  '<master> <replica> <child>',
  (args) => {
    if (args.length !== 3) throw new ConfigRejection('wrong number of arguments');
    const value = args.map((arg) => {
      const score = parseIntegerArg(arg);
      if (score === undefined || score < -OOM_SCORE_MAX || score > OOM_SCORE_MAX) {
        const range = `between ${-OOM_SCORE_MAX} and ${OOM_SCORE_MAX}`;
        throw new ConfigRejection(`Invalid oom-score-adj-values, elements must be ${range}.`);
      }
      return Number(score);
    });
    return { value, text: value.join(' ') };
  },
  listLine,
);

const DECIMAL_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;

/** Percentiles between 0 and 100, kept to six decimals. */
export const PERCENTILES: Kind<readonly number[]> = many(
  '[<percentile> ...]',
  (args) => {
    const value = (isEmptyWord(args) ? [] : args).map(readPercentile);
    return { value, text: value.map(String).join(' ') };
  },
  listLine,
);

function readPercentile(arg: Buffer): number {
  const text = arg.toString('latin1');
  if (!DECIMAL_NUMBER.test(text)) {
    throw new ConfigRejection('Invalid latency-tracking-info-percentiles parameters');
  }
  const percentile = Number(text);
  if (percentile < 0 || percentile > 100) {
    throw new ConfigRejection(
      'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
    );
  }
  return Number(percentile.toFixed(6));
}

/** The classes that `A` stands for, in the order in which they are printed. */
const KEYSPACE_EVENT_CLASSES = 'g$lshzxetd';
/** `n` is printed among the classes only where `A` is not. */
const KEYSPACE_EVENT_LETTERS = 'Ag$lshzxeKEtmdn';

/**
 * The letters of notify-keyspace-events; the value is the canonical form that CONFIG GET prints.
 * `n` (new keys) beside `A` is kept, unlike redis-server, which stops printing it and so loses it
 * at the next CONFIG REWRITE.
 */
export const KEYSPACE_EVENTS: Kind<string> = single(
  `[${KEYSPACE_EVENT_LETTERS}]`,
  (arg) => {
    const given = new Set(arg.toString('latin1'));
    if ([...given].some((letter) => !KEYSPACE_EVENT_LETTERS.includes(letter))) {
      throw new ConfigRejection(`Invalid event class character. Use '${KEYSPACE_EVENT_LETTERS}'.`);
    }
    const all = given.has('A') || [...KEYSPACE_EVENT_CLASSES].every((letter) => given.has(letter));
    const classes = all
      ? 'A'
      : [...KEYSPACE_EVENT_CLASSES].filter((each) => given.has(each)).join('');
    const value = classes + [...'nKEm'].filter((letter) => given.has(letter)).join('');
    return { value, text: value };
  },
  (setting) => quoteText(setting.text),
);

/** The server to be a replica of. */
export interface MasterAddress {
  readonly host: string;
  readonly port: number;
}

/** A host and a port, or `no one`; undefined for a master. */
export const MASTER_ADDRESS: Kind<MasterAddress | undefined> = many<MasterAddress | undefined>(
  '<host> <port> | no one',
  (args) => {
    if (args.length !== 2) throw new ConfigRejection('wrong number of arguments');
    const host = textOf(args[0]!);
    const portText = args[1]!.toString('latin1');
    if (host.toLowerCase() === 'no' && portText.toLowerCase() === 'one') {
      return { value: undefined, text: '' };
    }
    const port = parseIntegerArg(args[1]!);
    if (port === undefined || port < 0n || port > 65535n) {
      throw new ConfigRejection('Invalid master port');
    }
    return { value: { host, port: Number(port) }, text: `${host} ${port}` };
  },
  ({ value }) => [value === undefined ? 'no one' : `${bareOrQuoted(value.host)} ${value.port}`],
);

const SHUTDOWN_WORDS = ['save', 'nosave', 'now', 'force'] as const;

/** How to shut down on a signal; `save` and `nosave` override what the save points say. */
export type ShutdownOptions = { readonly [Word in (typeof SHUTDOWN_WORDS)[number]]: boolean };

export const SHUTDOWN_OPTIONS: Kind<ShutdownOptions> = many(
  'default | [save | nosave] [now] [force]',
  (args) => {
    const words = args.map((arg) => arg.toString('latin1').toLowerCase());
    const known: readonly string[] = ['default', ...SHUTDOWN_WORDS];
    if (words.length === 0 || words.some((word) => !known.includes(word))) {
      throw rejectedWord(known);
    }
    if (words.includes('save') && words.includes('nosave')) {
      throw new ConfigRejection("shutdown options SAVE and NOSAVE can't be used simultaneously");
    }
    const value = {
      save: words.includes('save'),
      nosave: words.includes('nosave'),
      now: words.includes('now'),
      force: words.includes('force'),
    };
    return { value, text: SHUTDOWN_WORDS.filter((word) => value[word]).join(' ') || 'default' };
  },
  listLine,
);

/**
 * The directory that file names are relative to: absolute, existing; a relative one starts at the
 * current one.
 */
export const DIRECTORY: Kind<string> = single(
  '<directory>',
  (arg, current) => {
    const path = resolve(current?.value ?? process.cwd(), textOf(arg));
    try {
      if (!statSync(path).isDirectory()) throw new ConfigRejection('Not a directory');
    } catch (error) {
      throw error instanceof ConfigRejection ? error : new ConfigRejection(systemReason(error));
    }
    return { value: path, text: path };
  },
  (setting) => quoteText(setting.text),
);

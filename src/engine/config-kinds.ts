/**
 * The kinds of value that a directive with one argument may have. Lists are in `config-list-
 * kinds.ts`.
 */

import { isUtf8 } from 'node:buffer';
import { parseInt64 } from '../protocol/numbers.ts';
import { quote } from '../protocol/quoting.ts';
import { ConfigRejection, type Kind, SECRET_MASK, type Setting } from './config-directive.ts';
import { PasswordHash } from './password.ts';

export const INT32_MIN = -(2n ** 31n);
export const INT32_MAX = 2n ** 31n - 1n;
export const UINT32_MAX = 2n ** 32n - 1n;
export const INT64_MAX = 2n ** 63n - 1n;
export const UINT64_MAX = 2n ** 64n - 1n;

/** Completes a kind with one argument; what is not given is as for a plain word. */
export function single<T>(
  syntax: string,
  parse: (arg: Buffer, current: Setting<T> | undefined) => Setting<T>,
  line: (setting: Setting<T>) => string = (setting) => setting.text,
): Kind<T> {
  return {
    syntax,
    takesMany: false,
    accumulates: false,
    parse: (args, current) => parse(args[0]!, current),
    lines: (setting) => [line(setting)],
    same: (left, right) => left.text === right.text,
  };
}

/**
 * The text of an argument. Throws unless it is UTF-8 without NUL: it names a file, a host or a
 * word.
 */
export function textOf(arg: Buffer): string {
  if (!isUtf8(arg) || arg.includes(0)) {
    throw new ConfigRejection('argument must be UTF-8 text without NUL bytes');
  }
  return arg.toString('utf8');
}

/** A word as a configuration file quotes it. */
export function quoteText(text: string): string {
  return quote(Buffer.from(text));
}

export const BOOLEAN: Kind<boolean> = single('yes | no', (arg) => {
  const text = arg.toString('latin1').toLowerCase();
  if (text !== 'yes' && text !== 'no') {
    throw new ConfigRejection("argument must be 'yes' or 'no'");
  }
  return { value: text === 'yes', text };
});

/** A boolean that can only be `no` on this server; `yes` is refused with the reason. */
export function onlyNo(reason: string): Kind<boolean> {
  return single('no', (arg, current) => {
    const setting = BOOLEAN.parse([arg], current, false);
    if (setting.value) throw new ConfigRejection(reason);
    return setting;
  });
}

function checkRange(value: bigint, min: bigint, max: bigint, radix = 10): void {
  if (value < min || value > max) {
    const range = `${min.toString(radix)} and ${max.toString(radix)}`;
    throw new ConfigRejection(`argument must be between ${range} inclusive`);
  }
}

function integerSetting(value: bigint, radix = 10): Setting<number> {
  return { value: Number(value), text: value.toString(radix) };
}

/**
 * An integer within bounds, both included; outside of `adjust` it is moved to the nearer end
 * instead of refused.
 */
export function integer(
  min: bigint | number,
  max: bigint | number,
  adjust: { readonly from: bigint; readonly to: bigint } = { from: BigInt(min), to: BigInt(max) },
): Kind<number> {
  return single(`<integer ${min}..${max}>`, (arg) => {
    const value = parseInt64(arg, 0, arg.length);
    if (value === undefined) {
      throw new ConfigRejection("argument couldn't be parsed into an integer");
    }
    checkRange(value, BigInt(min), BigInt(max));
    if (value < adjust.from) return integerSetting(adjust.from);
    if (value > adjust.to) return integerSetting(adjust.to);
    return integerSetting(value);
  });
}

const OCTAL_DIGITS = /^[+-]?[0-7]{0,20}$/;

/** File permissions, in octal. */
export const PERMISSIONS: Kind<number> = single('<octal 0..777>', (arg) => {
  const text = arg.toString('latin1');
  if (!OCTAL_DIGITS.test(text)) {
    throw new ConfigRejection("argument couldn't be parsed as an octal number");
  }
  const magnitude = BigInt(`0o0${text.replace(/^[+-]/, '')}`);
  const value = text.startsWith('-') ? -magnitude : magnitude;
  checkRange(value, 0n, 0o777n, 8);
  return integerSetting(value, 8);
});

const MEMORY_SIZE = /^(\d+)(|b|k|kb|m|mb|g|gb)$/i;

const UNIT_BYTES: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ['b', 1n],
  ['k', 1000n],
  ['kb', 1024n],
  ['m', 1000n ** 2n],
  ['mb', 1024n ** 2n],
  ['g', 1000n ** 3n],
  ['gb', 1024n ** 3n],
]);

/**
 * Reads a memory size; undefined when it is not one. Stricter than redis-server in two cases that
 * can only be mistakes: it takes a unit without digits for 0, and lets a size above 2^64 wrap
 * around.
 */
export function parseMemorySize(text: string): bigint | undefined {
  const match = MEMORY_SIZE.exec(text);
  if (match === null || match[1]!.length > 30) return undefined;
  const bytes = BigInt(match[1]!) * UNIT_BYTES.get(match[2]!.toLowerCase())!;
  return bytes > UINT64_MAX ? undefined : bytes;
}

/** A memory size in the largest unit that keeps it exact, as CONFIG REWRITE writes it. */
function formatMemorySize(bytes: bigint): string {
  for (const unit of ['gb', 'mb', 'kb']) {
    const unitBytes = UNIT_BYTES.get(unit)!;
    if (bytes !== 0n && bytes % unitBytes === 0n) return `${bytes / unitBytes}${unit}`;
  }
  return String(bytes);
}

function memorySetting(text: string, min: bigint, max: bigint, refusal: string): Setting<number> {
  const bytes = parseMemorySize(text);
  if (bytes === undefined) throw new ConfigRejection(refusal);
  checkRange(bytes, min, max);
  return integerSetting(bytes);
}

/** A number of bytes, with an optional unit: k, kb, m, mb, g, gb. */
export function memory(min: bigint | number = 0n, max: bigint = INT64_MAX): Kind<number> {
  return single(
    '<bytes>[kb|mb|gb]',
    (arg) =>
      memorySetting(arg.toString('latin1'), BigInt(min), max, 'argument must be a memory value'),
    (setting) => formatMemorySize(BigInt(setting.text)),
  );
}

/** A number of bytes, or a share of `maxmemory`. */
export interface MemoryOrPercent {
  readonly unit: 'bytes' | 'percent';
  readonly amount: number;
}

const MEMORY_OR_PERCENT_REFUSAL = 'argument must be a memory or percent value';

export const MEMORY_OR_PERCENT: Kind<MemoryOrPercent> = single<MemoryOrPercent>(
  '<bytes>[kb|mb|gb] | <percent>%',
  (arg) => {
    const text = arg.toString('latin1');
    if (!text.endsWith('%')) {
      const bytes = memorySetting(text, 0n, INT64_MAX, MEMORY_OR_PERCENT_REFUSAL);
      return { value: { unit: 'bytes', amount: bytes.value }, text: bytes.text };
    }
    const percent = parseInt64(arg, 0, arg.length - 1);
    if (percent === undefined || percent < 0n) {
      throw new ConfigRejection(MEMORY_OR_PERCENT_REFUSAL);
    }
    if (percent > 100n) {
      throw new ConfigRejection('percentage argument must be less or equal to 100');
    }
    if (percent === 0n) return { value: { unit: 'bytes', amount: 0 }, text: '0' };
    return { value: { unit: 'percent', amount: Number(percent) }, text: `${percent}%` };
  },
  ({ value, text }) => (value.unit === 'percent' ? text : formatMemorySize(BigInt(text))),
);

/** One of several words, in any case. */
export function choice<const Word extends string>(...words: readonly Word[]): Kind<Word> {
  return single(words.join(' | '), (arg) => {
    const text = arg.toString('latin1').toLowerCase();
    const value = words.find((word) => word === text);
    if (value === undefined) throw rejectedWord(words);
    return { value, text: value };
  });
}

/** The refusal of a word that is none of those known. */
export function rejectedWord(words: readonly string[]): ConfigRejection {
  return new ConfigRejection(`argument(s) must be one of the following: ${words.join(', ')}`);
}

/**
 * Text; `check` says why a text is refused. An empty text is an unset directive and has no line.
 */
export function text(
  syntax: string,
  check: (text: string) => string | undefined = () => undefined,
): Kind<string> {
  return single(
    syntax,
    (arg) => {
      const value = textOf(arg);
      const refusal = check(value);
      if (refusal !== undefined) throw new ConfigRejection(refusal);
      return { value, text: value };
    },
    (setting) => quoteText(setting.text),
  );
}

function checkSecret(arg: Buffer): void {
  // What CONFIG GET shows is not the secret. A tool that copies settings from one server to another
  // would otherwise set every password to the mask, and nobody would notice until a client fails,
  // or an intruder succeeds.
  if (arg.equals(Buffer.from(SECRET_MASK))) {
    throw new ConfigRejection(
      'the mask that CONFIG GET shows in place of a secret is not a secret',
    );
  }
}

/**
 * A secret that has to be sent on and so is kept as it is; undefined when unset. CONFIG GET shows a
 * mask.
 */
export const SECRET: Kind<Buffer | undefined> = {
  ...single<Buffer | undefined>(
    '<secret>',
    (arg) => {
      checkSecret(arg);
      if (arg.length === 0) return { value: undefined, text: '' };
      return { value: Buffer.from(arg), text: SECRET_MASK };
    },
    (setting) => quote(setting.value ?? Buffer.alloc(0)),
  ),
  same: ({ value: left }, { value: right }) =>
    left === undefined || right === undefined ? left === right : left.equals(right),
};

/**
 * A password that clients give us: only its hash is kept; undefined when unset.
 *
 * CONFIG GET shows a mask when there is one, and the empty string when there is none. Tools ask in
 * order to know whether a password is set, and every one of them tests for emptiness; showing the
 * password would need to keep it, and showing the hash would invite guessing and be taken for the
 * password.
 */
export const PASSWORD: Kind<PasswordHash | undefined> = {
  ...single<PasswordHash | undefined>('<password>', (arg) => {
    checkSecret(arg);
    if (arg.length === 0) return { value: undefined, text: '' };
    return { value: PasswordHash.of(arg), text: SECRET_MASK };
  }),
  // The password is not known any more: CONFIG REWRITE keeps it as a hash in the line of the
  // default user.
  lines: () => [],
  same: ({ value: left }, { value: right }) =>
    left === undefined || right === undefined ? left === right : left.equals(right),
};

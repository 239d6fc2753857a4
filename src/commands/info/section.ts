/** What a section of INFO is. Sections are listed in sections.ts. */
import type { Context } from '../command.ts';

/** What sections are made from: the state of the engine, whoever asks. */
export type InfoSource = Pick<Context, 'keyspace' | 'services'>;

/** A line: its name, and its value as it is printed. */
export type Field = readonly [name: string, value: string | number];

/** One section. A new subsystem adds a file with its section, and a row in sections.ts. */
export interface Section {
  /** As in the heading. Asked for by the same word in any case. */
  readonly title: string;
  /** Whether INFO shows it to those who do not ask for it. */
  readonly isDefault: boolean;
  fields(source: InfoSource): Iterable<Field>;
}

/** A number with so many digits behind the point. */
export function fixed(value: number, digits: number): string {
  return value.toFixed(digits);
}

/** A ratio with two digits; 0.00 of nothing. */
export function ratio(part: number, whole: number): string {
  return fixed(whole === 0 ? 0 : part / whole, 2);
}

/** A ratio in percent with two digits. */
export function percent(part: number, whole: number): string {
  return `${ratio(part * 100, whole)}%`;
}

const UNITS = ['B', 'K', 'M', 'G', 'T', 'P', 'E'];

/** A number of bytes in the largest unit of which there is one, for people: 512B, 1.50K. */
export function humanBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return (unit === 0 ? value : fixed(value, 2)) + UNITS[unit]!;
}

/** A field in bytes, followed by the same for people. */
export function bytesFields(name: string, bytes: number): [Field, Field] {
  return [
    [name, bytes],
    [`${name}_human`, humanBytes(bytes)],
  ];
}

/**
 * Requests as ready-made bytes. Everything a load generator sends is built here, either ahead of
 * time or in big batches, so that producing load costs a copy and not a serialisation.
 */

/** Stands for the index of the command in an argument of a template: twelve digits, zero-padded. */
export const INDEX = '__rand_int__';
const INDEX_DIGITS = 12;

export interface Batch {
  readonly bytes: Buffer;
  /** How many commands, and so how many replies, the bytes hold. */
  readonly commands: number;
}

/** Hands out batches one after the other; undefined at the end. */
export type BatchSource = () => Batch | undefined;

/** One command in the RESP encoding. */
export function encodeCommand(args: readonly string[]): Buffer {
  const parts = [`*${args.length}\r\n`];
  for (const arg of args) parts.push(`$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return Buffer.from(parts.join(''));
}

/** A command with holes: every INDEX in its arguments is filled in as the bytes are written. */
export class CommandTemplate {
  readonly length: number;
  readonly #bytes: Buffer;
  readonly #holes: number[];

  constructor(args: readonly string[]) {
    this.#bytes = encodeCommand(args);
    this.length = this.#bytes.length;
    this.#holes = holesOf(this.#bytes);
  }

  /**
   * Writes the command numbered `index` at `start`, in the form redis-benchmark gives its numbers.
   */
  write(target: Buffer, start: number, index: number): void {
    this.#bytes.copy(target, start);
    for (const hole of this.#holes) writeDigits(target, start + hole, index);
  }
}

/** The commands number `from` to `to - 1` of one template, `perBatch` at a time. */
export function templateBatches(
  args: readonly string[],
  range: { from: number; to: number },
  perBatch: number,
): BatchSource {
  const template = new CommandTemplate(args);
  let next = range.from;
  return () => {
    const commands = Math.min(perBatch, range.to - next);
    if (commands <= 0) return undefined;
    const bytes = Buffer.allocUnsafe(template.length * commands);
    for (let i = 0; i < commands; i++) template.write(bytes, i * template.length, next++);
    return { bytes, commands };
  };
}

/**
 * Hands out the given batches from the first on, going round until `commands` commands are reached.
 */
export function cycleBatches(batches: readonly Batch[], commands: number): BatchSource {
  let index = 0;
  let given = 0;
  return () => {
    if (given >= commands) return undefined;
    const batch = batches[index]!;
    index = (index + 1) % batches.length;
    given += batch.commands;
    return batch;
  };
}

function holesOf(template: Buffer): number[] {
  const holes: number[] = [];
  for (let at = template.indexOf(INDEX); at !== -1; at = template.indexOf(INDEX, at + 1)) {
    holes.push(at);
  }
  return holes;
}

function writeDigits(bytes: Buffer, start: number, value: number): void {
  for (let i = start + INDEX_DIGITS - 1; i >= start; i--) {
    const rest = Math.floor(value / 10);
    bytes[i] = 48 + value - rest * 10;
    value = rest;
  }
}

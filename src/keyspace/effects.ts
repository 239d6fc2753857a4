/**
 * What a command has done, in words that do exactly that again, where its own words would not: it
 * chose at random, counted from now, or waited. Handlers note it as they change something; who
 * keeps a log of changes writes it in place of the command.
 */

/** A word of a command: bytes, or text in Latin-1. */
export type EffectWord = Uint8Array | string;

/** The notes of one command. */
export class Effects {
  /** The commands noted so far, in their order. */
  readonly noted: (readonly EffectWord[])[] = [];

  /** Notes a command. Keeps the words: bytes must be copies. */
  note(...words: readonly EffectWord[]): void {
    this.noted.push(words);
  }

  clear(): void {
    this.noted.length = 0;
  }
}

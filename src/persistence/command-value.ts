/** One value on its way from the bytes of a snapshot to commands. */
import type { CommandOutput } from './command-output.ts';
import type { RdbStream } from './rdb-stream.ts';
import type { Steps } from './steps.ts';

/** See the file's comment. */
export class CommandValue {
  readonly input: RdbStream;
  readonly out: CommandOutput;
  #key: Buffer = Buffer.allocUnsafeSlow(1024);
  #keyLength = 0;

  constructor(input: RdbStream, out: CommandOutput) {
    this.input = input;
    this.out = out;
  }

  /** The text that was read last is the key of the value that follows. */
  keepKey(): void {
    const { textBytes, textStart, textLength } = this.input;
    if (textLength > this.#key.length) this.#key = Buffer.allocUnsafeSlow(textLength * 2);
    textBytes.copy(this.#key, 0, textStart, textStart + textLength);
    this.#keyLength = textLength;
  }

  /** Begins a command of so many words, of which these are the name and the key. */
  command(words: number, name: string): void {
    this.out.command(words, name);
    this.key();
  }

  /** Writes the key. */
  key(): void {
    this.out.word(this.#key, 0, this.#keyLength);
  }

  /** Passes a text on as a word, however long it is. */
  *pass(): Steps {
    const { input, out } = this;
    while (!input.tryTextHead()) yield;
    const { textLength } = input;
    if (input.isDigits) {
      out.word(input.textBytes, 0, textLength);
      return;
    }
    out.beginWord(textLength);
    for (let left = textLength; left > 0; ) {
      while (input.available === 0) yield;
      const part = Math.min(left, input.available);
      out.raw(input.bytes, input.at, part);
      input.at += part;
      left -= part;
    }
    out.endWord();
  }

  /** As `pass`, at once; false when not all of the text has come. */
  tryPass(): boolean {
    const { input } = this;
    if (!input.tryText()) return false;
    this.out.word(input.textBytes, input.textStart, input.textLength);
    return true;
  }
}

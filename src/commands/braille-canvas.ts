/** A canvas of dots, printed as Braille letters: each is two dots wide and four high. */

const LETTER_WIDTH = 2;
const LETTER_HEIGHT = 4;
const FIRST_LETTER = 0x2800;
/** The bit of each dot of a letter, row by row. */
const DOTS = Uint8Array.of(0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80);

/** See the file's comment. What is drawn beyond the edges is lost. */
export class BrailleCanvas {
  readonly width: number;
  readonly height: number;
  readonly #columns: number;
  readonly #letters: Uint8Array;

  /** Width and height in dots. */
  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#columns = Math.ceil(width / LETTER_WIDTH);
    this.#letters = new Uint8Array(this.#columns * Math.ceil(height / LETTER_HEIGHT));
  }

  dot(x: number, y: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const letter = Math.floor(y / LETTER_HEIGHT) * this.#columns + Math.floor(x / LETTER_WIDTH);
    this.#letters[letter]! |= DOTS[(y % LETTER_HEIGHT) * LETTER_WIDTH + (x % LETTER_WIDTH)]!;
  }

  /** A straight line between two points, which need not be whole dots. */
  line(fromX: number, fromY: number, toX: number, toY: number): void {
    const steps = Math.ceil(Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY), 1));
    for (let i = 0; i <= steps; i++) {
      const x = fromX + ((toX - fromX) * i) / steps;
      const y = fromY + ((toY - fromY) * i) / steps;
      this.dot(Math.round(x), Math.round(y));
    }
  }

  /** Lines of letters. */
  toString(): string {
    const lines: string[] = [];
    for (let start = 0; start < this.#letters.length; start += this.#columns) {
      const row = this.#letters.subarray(start, start + this.#columns);
      lines.push(Array.from(row, (bits) => String.fromCharCode(FIRST_LETTER + bits)).join(''));
    }
    return lines.join('\n');
  }
}

/** The drawings of LOLWUT: different at each call, as computer art should be. */
import { BrailleCanvas } from './braille-canvas.ts';

const POINTS = 5;
/** Radius of the inner corners of a star whose points are 1 from its centre. */
const INNER_RADIUS = 0.382;
/** How much of its cell a star fills. */
const STAR_SIZE = 0.46;
/**
 * Dots of a drawing of stars, so that few stars in each of many rows do not become as long as they
 * are wide.
 */
const DOTS_MAX = 4_000_000;

const SKY_ROWS_PART = 0.55;
const STARS_PART = 0.02;
const NIGHT_GLYPHS = ['.', '+', '*'] as const;

/**
 * Rows and columns of stars that stand straight on the left and tumble more and more to the right.
 * `columns` is the width in letters.
 */
export function drawTumblingStars(
  columns: number,
  starsPerRow: number,
  starsPerColumn: number,
  random: () => number,
): string {
  const width = columns * 2;
  const cell = width / starsPerRow;
  const height = Math.min(Math.ceil(cell * starsPerColumn), Math.floor(DOTS_MAX / width));
  const canvas = new BrailleCanvas(width, height);
  for (let row = 0; row < starsPerColumn; row++) {
    for (let column = 0; column < starsPerRow; column++) {
      const unrest = starsPerRow > 1 ? column / (starsPerRow - 1) : 0;
      const turn = (random() - 0.5) * Math.PI * unrest;
      const shift = () => (random() - 0.5) * cell * 0.5 * unrest;
      const x = (column + 0.5) * cell + shift();
      const y = (row + 0.5) * cell + shift();
      drawStar(canvas, x, y, cell * STAR_SIZE, turn);
    }
  }
  return canvas.toString();
}

function drawStar(canvas: BrailleCanvas, x: number, y: number, radius: number, turn: number): void {
  let fromX = 0;
  let fromY = 0;
  for (let i = 0; i <= POINTS * 2; i++) {
    const angle = turn - Math.PI / 2 + (i * Math.PI) / POINTS;
    const reach = i % 2 === 0 ? radius : radius * INNER_RADIUS;
    const toX = x + Math.cos(angle) * reach;
    const toY = y + Math.sin(angle) * reach;
    if (i > 0) canvas.line(fromX, fromY, toX, toY);
    fromX = toX;
    fromY = toY;
  }
}

/** Two ranges of hills under a night sky, in letters. */
export function drawHills(columns: number, rows: number, random: () => number): string {
  const far = skyline(columns, rows * (1 - SKY_ROWS_PART), random);
  const near = skyline(columns, rows * (1 - SKY_ROWS_PART) * 0.6, random);
  const lines: string[] = [];
  for (let height = rows - 1; height >= 0; height--) {
    let line = '';
    for (let column = 0; column < columns; column++) {
      if (height < near[column]!) line += '█';
      else if (height < far[column]!) line += '▒';
      else if (random() < STARS_PART) line += NIGHT_GLYPHS[Math.floor(random() * 3)];
      else line += ' ';
    }
    lines.push(line);
  }
  return lines.join('\n');
}

/** The height of a range at each column: three waves of random phase, the shorter the lower. */
function skyline(columns: number, heightMax: number, random: () => number): Float64Array {
  const waves = [1, 2.3, 5.1].map((frequency) => ({ frequency, phase: random() * 2 * Math.PI }));
  return Float64Array.from({ length: columns }, (_, column) => {
    let sum = 0;
    let weights = 0;
    for (const { frequency, phase } of waves) {
      const angle = (column / columns) * 2 * Math.PI * frequency + phase;
      sum += (Math.sin(angle) + 1) / 2 / frequency;
      weights += 1 / frequency;
    }
    return (sum / weights) * heightMax;
  });
}

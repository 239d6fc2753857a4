/** A bar chart of ratios as SVG text: one bar per workload, its target as a mark across the bar. */

export interface Bar {
  readonly label: string;
  readonly ratio: number;
  readonly must: number | null;
  readonly stretch: number | null;
}

const LABEL_WIDTH = 220;
const PLOT_WIDTH = 560;
const VALUE_WIDTH = 70;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 14;
const TOP = 64;
const BOTTOM = 40;

const COLOURS = {
  reached: '#2a7f62',
  missed: '#c0392b',
  untargeted: '#7f8c8d',
  must: '#1c2833',
  stretch: '#b7950b',
  grid: '#e5e8e8',
  text: '#1c2833',
  faint: '#626567',
};

/** The chart of the given bars, in their order. Ratios below 1 are in the subject's favour. */
export function ratioChart(title: string, subtitle: string, bars: readonly Bar[]): string {
  const longest = Math.max(1, ...bars.flatMap(({ ratio, must }) => [ratio, must ?? 0]));
  const end = Math.ceil(longest * 4) / 4;
  const x = (ratio: number) => LABEL_WIDTH + (ratio / end) * PLOT_WIDTH;
  const width = LABEL_WIDTH + PLOT_WIDTH + VALUE_WIDTH;
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  const font = 'font-family="system-ui, sans-serif" font-size="12"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ${font}>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(16, 24, title, `font-size="16" font-weight="600" fill="${COLOURS.text}"`),
    text(16, 43, subtitle, `fill="${COLOURS.faint}"`),
    ...gridLines(end, x, height - BOTTOM),
    ...bars.flatMap((bar, i) => barParts(bar, TOP + i * ROW_HEIGHT, x)),
    legend(height - 12),
    '</svg>',
    '',
  ].join('\n');
}

function gridLines(end: number, x: (ratio: number) => number, bottom: number): string[] {
  const lines: string[] = [];
  const step = end > 3 ? 1 : 0.25;
  for (let ratio = 0; ratio <= end + 1e-9; ratio += step) {
    const isParity = Math.abs(ratio - 1) < 1e-9;
    const colour = isParity ? COLOURS.faint : COLOURS.grid;
    lines.push(line(x(ratio), TOP - 4, x(ratio), bottom, colour, isParity ? 1.5 : 1));
    lines.push(
      text(
        x(ratio),
        bottom + 14,
        ratio.toFixed(2),
        `fill="${COLOURS.faint}" text-anchor="middle" font-size="10"`,
      ),
    );
  }
  return lines;
}

function barParts(bar: Bar, top: number, x: (ratio: number) => number): string[] {
  const { label, ratio, must, stretch } = bar;
  const middle = top + ROW_HEIGHT / 2;
  const barTop = middle - BAR_HEIGHT / 2;
  const barWidth = (x(ratio) - LABEL_WIDTH).toFixed(1);
  const parts = [
    text(LABEL_WIDTH - 8, middle + 4, label, `text-anchor="end" fill="${COLOURS.text}"`),
    `<rect x="${LABEL_WIDTH}" y="${barTop}" width="${barWidth}" height="${BAR_HEIGHT}" ` +
      `fill="${barColour(bar)}"/>`,
    text(
      x(Math.max(ratio, must ?? 0)) + 8,
      middle + 4,
      ratio.toFixed(2),
      `fill="${COLOURS.text}" font-weight="600"`,
    ),
  ];
  const mark = (at: number, colour: string) =>
    line(x(at), barTop - 3, x(at), barTop + BAR_HEIGHT + 3, colour, 2.5);
  if (must !== null) parts.push(mark(must, COLOURS.must));
  if (stretch !== null) parts.push(mark(stretch, COLOURS.stretch));
  return parts;
}

function barColour({ ratio, must }: Bar): string {
  if (must === null) return COLOURS.untargeted;
  return Math.round(ratio * 100) / 100 <= must ? COLOURS.reached : COLOURS.missed;
}

function legend(y: number): string {
  const word = (colour: string, words: string) => `<tspan fill="${colour}">${words}</tspan>`;
  return (
    `<text x="16" y="${y}" font-size="11">` +
    [
      word(COLOURS.reached, 'green: target reached'),
      word(COLOURS.missed, 'red: missed'),
      word(COLOURS.untargeted, 'grey: no target'),
      word(COLOURS.must, 'dark mark: must'),
      word(COLOURS.stretch, 'yellow mark: stretch'),
    ].join(' · ') +
    '</text>'
  );
}

function text(x: number, y: number, words: string, style: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>${escapeText(words)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, width: number) {
  const from = `x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}"`;
  const to = `x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"`;
  return `<line ${from} ${to} stroke="${colour}" stroke-width="${width}"/>`;
}

function escapeText(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The chart of the cache benchmark as SVG text: a bar for each trace, server and policy. */

export interface CacheBar {
  readonly label: string;
  /** From 0 to 1. */
  readonly ratio: number;
  readonly isSubject: boolean;
}

export interface CacheChartPart {
  readonly title: string;
  readonly bars: readonly CacheBar[];
}

const LABEL_WIDTH = 220;
const PLOT_WIDTH = 520;
const VALUE_WIDTH = 70;
const ROW_HEIGHT = 18;
const TITLE_HEIGHT = 34;
const TOP = 56;

const COLOURS = { subject: '#2a7f62', reference: '#7f8c8d', text: '#1c2833', faint: '#626567' };

/** See the file's comment. */
export function cacheChart(
  title: string,
  subtitle: string,
  parts: readonly CacheChartPart[],
): string {
  const width = LABEL_WIDTH + PLOT_WIDTH + VALUE_WIDTH;
  const rows: string[] = [];
  let top = TOP;
  for (const part of parts) {
    rows.push(text(16, top + 22, part.title, `font-weight="600" fill="${COLOURS.text}"`));
    top += TITLE_HEIGHT;
    for (const bar of part.bars) {
      rows.push(...barParts(bar, top));
      top += ROW_HEIGHT;
    }
  }
  const height = top + 20;
  const font = 'font-family="system-ui, sans-serif" font-size="12"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ${font}>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(16, 24, title, `font-size="16" font-weight="600" fill="${COLOURS.text}"`),
    text(16, 43, subtitle, `fill="${COLOURS.faint}"`),
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function barParts({ label, ratio, isSubject }: CacheBar, top: number): string[] {
  const width = (ratio * PLOT_WIDTH).toFixed(1);
  const colour = isSubject ? COLOURS.subject : COLOURS.reference;
  const base = top + 13;
  return [
    text(LABEL_WIDTH - 8, base, label, `text-anchor="end" fill="${COLOURS.text}"`),
    `<rect x="${LABEL_WIDTH}" y="${top + 3}" width="${width}" height="12" fill="${colour}"/>`,
    text(
      LABEL_WIDTH + ratio * PLOT_WIDTH + 6,
      base,
      `${(ratio * 100).toFixed(1)} %`,
      `fill="${COLOURS.text}"`,
    ),
  ];
}

function text(x: number, y: number, words: string, style: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>${escaped}</text>`;
}

import { expect, test } from 'vitest';
import { ratioChart } from './chart.ts';

const bars = [
  { label: 'GET <64B>', ratio: 0.5, must: 0.75, stretch: 0.6 },
  { label: 'SET', ratio: 1, must: 0.75, stretch: 0.6 },
  { label: 'SCAN', ratio: 1.5, must: null, stretch: null },
];

/** Width and colour of the bars, which are the rectangles after the background. */
function rectangles(svg: string): [number, string][] {
  const found = [...svg.matchAll(/<rect x=.* width="([\d.]+)" .*fill="([^"]+)"/g)];
  return found.map(([, width, fill]) => [Number(width), fill!]);
}

test('bars are as long as their ratios and coloured by their verdicts', () => {
  const [got, missed, plain] = rectangles(ratioChart('Title', 'Subtitle', bars));
  expect(missed![0]).toBeCloseTo(2 * got![0], 0);
  expect(plain![0]).toBeCloseTo(3 * got![0], 0);
  expect(new Set([got![1], missed![1], plain![1]]).size).toBe(3);
});

test('text is escaped and every element is closed', () => {
  const svg = ratioChart('A & B', '<subtitle>', bars);
  expect(svg).toContain('GET &lt;64B&gt;');
  expect(svg).toContain('A &amp; B');
  expect(svg).not.toContain('<subtitle>');
  const opened = svg.match(/<(svg|text|tspan)\b/g)!.length;
  expect(svg.match(/<\/(svg|text|tspan)>/g)!.length).toBe(opened);
  expect(svg.match(/<(rect|line)\b[^>]*>/g)!.every((tag) => tag.endsWith('/>'))).toBe(true);
});

test('a chart of nothing is still a chart', () => {
  expect(ratioChart('T', 'S', [])).toContain('</svg>');
});

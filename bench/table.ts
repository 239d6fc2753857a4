/** Plain text tables with a header, aligned for a fixed-width font. */

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lines of the table without a line feed at the end. Cells may carry terminal colours. */
export function formatTable(columns: readonly Column[], rows: readonly string[][]): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(visibleWidth(title), ...rows.map((row) => visibleWidth(row[i] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => pad(cell, widths[i]!, columns[i]!.align ?? 'right'))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(columns.map(({ title }) => title)), rule, ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(width - visibleWidth(cell));
  return align === 'left' ? cell + blanks : blanks + cell;
}

function visibleWidth(cell: string): number {
  return stripColours(cell).length;
}

function stripColours(cell: string): string {
  return cell.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
}

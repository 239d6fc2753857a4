import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { formatTable } from './table.ts';

test('columns are as wide as their widest cell, colours not counted', () => {
  const columns = [{ title: 'name', align: 'left' as const }, { title: 'n' }, { title: 'end' }];
  const green = styleText('green', 'ok', { validateStream: false });
  expect(green.length).toBeGreaterThan(2);
  const text = formatTable(columns, [
    ['GET', '1.25', green],
    ['a long name', '10', ''],
  ]);
  expect(text).toBe(
    [
      'name            n  end',
      '-----------  ----  ---',
      `GET          1.25   ${green}`,
      'a long name    10',
    ].join('\n'),
  );
});

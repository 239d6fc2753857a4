import { describe, expect, it } from 'vitest';
import { exposition } from './exposition.ts';
import { type Family, labels, type Sample, single } from './family.ts';

const still = () => Promise.resolve();

function family(samples: Iterable<Sample>, type: Family['type'] = 'gauge'): Family {
  return { name: 'a_name', type, help: 'Some help.', samples };
}

describe('the text', () => {
  it('has help and type before the samples of each family, and ends with a line', async () => {
    const samples: Sample[] = [
      { value: 1, labels: labels({ cmd: 'get' }) },
      { value: 2.5, labels: labels({ cmd: 'config|set' }) },
    ];
    const sources = [() => [single('b_total', 'counter', 'More.', 7)], () => [family(samples)]];
    expect(await exposition(sources, still)).toBe(
      '# HELP b_total More.\n# TYPE b_total counter\nb_total 7\n' +
        '# HELP a_name Some help.\n# TYPE a_name gauge\n' +
        'a_name{cmd="get"} 1\na_name{cmd="config|set"} 2.5\n',
    );
  });

  it('leaves out a family without samples', async () => {
    expect(await exposition([() => [family([])]], still)).toBe('');
  });

  it('writes numbers that are none as Prometheus reads them', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21];
    const text = await exposition([() => [family(values.map((value) => ({ value })))]], still);
    expect(text.split('\n').slice(2, 6)).toEqual([
      ...['a_name NaN', 'a_name +Inf', 'a_name -Inf', 'a_name 1e+21'],
    ]);
  });

  it('escapes labels', () => {
    expect(labels({ err: 'a"b\\c\nd' })).toBe('{err="a\\"b\\\\c\\nd"}');
  });
});

it('lets the event loop turn while there is much to show, and only then', async () => {
  let turns = 0;
  const breathe = async () => {
    turns++;
  };
  function* slowly(): Generator<Sample> {
    for (let i = 0; i < 320; i++) {
      const endMs = performance.now() + 0.02;
      while (performance.now() < endMs);
      yield { value: i, labels: labels({ i }) };
    }
  }
  const text = await exposition([() => [family(slowly())]], breathe);
  expect(text.split('\n').length).toBe(320 + 3);
  expect(turns).toBeGreaterThan(5);
  turns = 0;
  await exposition([() => [single('b', 'gauge', 'Help.', 1)]], breathe);
  expect(turns).toBe(0);
});

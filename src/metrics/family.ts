/** What Prometheus calls a metric: a name, and samples that differ by their labels. */

/** One line: `name suffix {labels} value`. */
export interface Sample {
  readonly value: number;
  /** As `labels` writes them; nothing when left out. */
  readonly labels?: string;
  /** `_bucket`, `_sum` or `_count` of a histogram. */
  readonly suffix?: string;
}

/** See the file's comment. A counter's name ends in `_total`. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** One sentence. */
  readonly help: string;
  /** May be a generator: the event loop may turn between any two samples, and never within one. */
  readonly samples: Iterable<Sample>;
}

/** Where families come from: asked once per scrape. */
export type FamilySource = () => Iterable<Family>;

/** A family of one sample without labels. */
export function single(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  value: number,
): Family {
  return { name, type, help, samples: [{ value }] };
}

/** Labels as the text format wants them: `{cmd="get"}`. */
export function labels(pairs: Readonly<Record<string, string | number>>): string {
  const words = Object.entries(pairs).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return `{${words.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

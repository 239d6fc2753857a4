/** Traces for the cache benchmark: which key is asked for, one request after the other. */
import { readFileSync } from 'node:fs';
import { scatter, seededRandom, ZipfRanks } from './zipf.ts';

/** A sequence of requests: `requests[i]` is an index into `keys`. */
export interface Trace {
  readonly name: string;
  readonly keys: readonly string[];
  readonly requests: Uint32Array;
}

/** How large synthetic traces are. */
export interface TraceSize {
  /** Keys that a cache of 100 % would hold. */
  readonly keys: number;
  readonly requests: number;
  readonly seed: number;
}

/** The synthetic traces; each depends on nothing but its size and seed. */
export function syntheticTraces(size: TraceSize): Trace[] {
  return [
    zipf('zipf 0.7', size, 0.7),
    zipf('zipf 0.99', size, 0.99),
    zipfWithScans(size),
    loop(size),
    shifting(size),
  ];
}

/**
 * A trace from a file: the name of one key in each line, in the order in which they are asked for.
 * Empty lines and lines that begin with `#` are no requests.
 */
export function traceFromFile(path: string): Trace {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  const names = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (names.length === 0) throw new Error(`${path} holds no request`);
  const indexes = new Map<string, number>();
  const requests = Uint32Array.from(names, (name) => {
    const index = indexes.get(name) ?? indexes.size;
    indexes.set(name, index);
    return index;
  });
  return { name: path, keys: [...indexes.keys()], requests };
}

function zipf(name: string, { keys, requests, seed }: TraceSize, exponent: number): Trace {
  const ranks = new ZipfRanks(keys, exponent, seededRandom(seed));
  const keyOf = scatter(keys);
  return {
    name,
    keys: namesOf(keys),
    requests: Uint32Array.from({ length: requests }, () => keyOf(ranks.next())),
  };
}

/** Zipf 0.99, and every now and then somebody reads a fifth of as many other keys once. */
function zipfWithScans({ keys, requests, seed }: TraceSize): Trace {
  const ranks = new ZipfRanks(keys, 0.99, seededRandom(seed));
  const keyOf = scatter(keys);
  const scanLength = Math.floor(keys / 5);
  const period = scanLength * 3;
  let scanned = 0;
  const trace = Uint32Array.from({ length: requests }, (_, i) => {
    if (i % period < period - scanLength) return keyOf(ranks.next());
    return keys + (scanned++ % (keys * 4));
  });
  return { name: 'zipf 0.99 with scans', keys: namesOf(keys * 5), requests: trace };
}

/** A fifth of all keys in turn, twice as many as fit into the cache. */
function loop({ keys, requests }: TraceSize): Trace {
  const length = Math.floor(keys / 5);
  const trace = Uint32Array.from({ length: requests }, (_, i) => i % length);
  return { name: 'loop', keys: namesOf(keys), requests: trace };
}

/** Zipf 0.99, where other keys become the hot ones eight times. */
function shifting({ keys, requests, seed }: TraceSize): Trace {
  const ranks = new ZipfRanks(keys, 0.99, seededRandom(seed));
  const keyOf = scatter(keys);
  const period = Math.ceil(requests / 8);
  const shift = Math.floor(keys / 8);
  const trace = Uint32Array.from({ length: requests }, (_, i) => {
    return (keyOf(ranks.next()) + Math.floor(i / period) * shift) % keys;
  });
  return { name: 'shifting', keys: namesOf(keys), requests: trace };
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `key:${i.toString().padStart(8, '0')}`);
}

/**
 * Unions, intersections and differences. Order matters where scores are added up, because sums are
 * rounded: as in Redis the smallest source comes first.
 */
import type { SortedSetBuilder } from './sorted-set-build.ts';
import type { Source, SourceReader } from './sorted-set-source.ts';

/** Makes one score of two. */
export type Aggregate = (score: number, other: number) => number;

/** Infinities that cancel each other out make 0. */
export function addScores(score: number, other: number): number {
  return numberOr0(score + other);
}

/** Where neither is lesser the first: as Redis compares 0 and -0, and what is not a number. */
export function lesserScore(score: number, other: number): number {
  if (other < score) return other;
  return score;
}

/** As `lesserScore`, the greater. */
export function greaterScore(score: number, other: number): number {
  if (other > score) return other;
  return score;
}

/** Puts every member of the sources into `result`. */
export function unite(
  reader: SourceReader,
  sources: readonly Source[],
  aggregate: Aggregate,
  result: SortedSetBuilder,
): void {
  for (const source of bySize(sources)) {
    if (source.count === 0) continue;
    reader.open(source);
    while (reader.next()) {
      const { hash, bytes, view, start, length } = reader;
      const score = numberOr0(source.weight * reader.score);
      result.merge(hash, score, bytes, view, start, length, aggregate);
    }
  }
}

/** Puts the members that all sources have into `result`. */
export function intersect(
  reader: SourceReader,
  sources: readonly Source[],
  aggregate: Aggregate,
  result: SortedSetBuilder,
): void {
  const [smallest, ...others] = bySize(sources);
  if (smallest!.count === 0) return;
  reader.open(smallest!);
  while (reader.next()) {
    let score = numberOr0(smallest!.weight * reader.score);
    const isCommon = others.every((other) => {
      if (!reader.isIn(other)) return false;
      score = aggregate(score, other.weight * reader.otherScore);
      return true;
    });
    const { hash, bytes, view, start, length } = reader;
    if (isCommon) result.add(hash, score, bytes, view, start, length);
  }
}

/** How many members all sources have, at most `limit`. */
export function countCommon(
  reader: SourceReader,
  sources: readonly Source[],
  limit: number,
): number {
  const [smallest, ...others] = bySize(sources);
  if (smallest!.count === 0) return 0;
  let count = 0;
  reader.open(smallest!);
  while (count < limit && reader.next()) {
    if (others.every((other) => reader.isIn(other))) count++;
  }
  return count;
}

/** Puts the members of the first source that no other has into `result`, with their scores. */
export function subtract(
  reader: SourceReader,
  sources: readonly Source[],
  result: SortedSetBuilder,
): void {
  const [first, ...others] = sources;
  if (first!.count === 0) return;
  // The largest is the likeliest to have a member.
  const largestFirst = bySize(others).reverse();
  reader.open(first!);
  while (reader.next()) {
    if (largestFirst.some((other) => reader.isIn(other))) continue;
    const { hash, bytes, view, start, length } = reader;
    result.add(hash, reader.score, bytes, view, start, length);
  }
}

function bySize(sources: readonly Source[]): Source[] {
  return [...sources].sort((a, b) => a.count - b.count);
}

function numberOr0(score: number): number {
  return Number.isNaN(score) ? 0 : score;
}

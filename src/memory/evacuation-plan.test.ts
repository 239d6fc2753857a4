import { describe, expect, it } from 'vitest';
import { EXTENT_BYTES } from './address.ts';
import { type Occupancy, planAnew, planIntoRoom } from './evacuation-plan.ts';

const MIB = 1024 * 1024;

function extents(...figures: [usedMib: number, touchedMib: number, movable?: boolean][]) {
  return figures.map(([used, touched, isMovable = true], extent): Occupancy => {
    return { extent, usedBytes: used * MIB, touchedBytes: touched * MIB, isMovable };
  });
}

describe('planAnew', () => {
  it('empties the only extent when half of it is wasted', () => {
    const plan = planAnew(extents([60, 60]), 30 * MIB, 1);
    expect(plan).toEqual({ drained: [0], winBytes: 30 * MIB });
  });

  it('keeps the densest extents as far as they are needed', () => {
    const plan = planAnew(extents([20, 64], [60, 64], [30, 64], [50, 64]), 130 * MIB, 1);
    expect(plan.drained.toSorted()).toEqual([0, 2]);
    expect(plan.winBytes).toBe((4 * 64 - 130) * MIB);
  });

  it('counts only part of the holes where only part of them can be filled', () => {
    const one = extents([32, 64], [32, 64], [32, 64]);
    expect(planAnew(one, 96 * MIB, 1).drained).toHaveLength(2);
    expect(planAnew(one, 96 * MIB, 0.5).drained).toHaveLength(3);
  });

  it('keeps what cannot be moved, and counts it', () => {
    const plan = planAnew(extents([1, 64, false], [40, 64]), 41 * MIB, 1);
    expect(plan).toEqual({ drained: [1], winBytes: 64 * MIB });
    expect(planAnew(extents([1, 64, false]), MIB, 1).drained).toEqual([]);
  });

  it('leaves all as it is where little can be won', () => {
    expect(planAnew(extents([60, 64], [55, 64]), 115 * MIB, 1).drained).toEqual([]);
    expect(planAnew(extents([1, 7]), MIB, 1).drained).toEqual([]);
    expect(planAnew([], 0, 1).drained).toEqual([]);
  });
});

describe('planIntoRoom', () => {
  it('empties the emptiest as long as the others have room for them', () => {
    const all = extents([60, 64], [3, 64], [50, 64], [20, 20]);
    expect(planIntoRoom(all, 1, 4 * MIB)).toEqual({ drained: [1], winBytes: 64 * MIB });
    expect(planIntoRoom(all, 1, 0).drained).toEqual([1]);
    expect(planIntoRoom(extents([5, 64], [6, 64], [7, 64]), 1, 0).drained).toEqual([0, 1]);
  });

  it('wants so many times the room where room is in pieces', () => {
    const all = extents([30, 64], [20, 64]);
    expect(planIntoRoom(all, 1, 0).drained).toEqual([1]);
    expect(planIntoRoom(all, 2, 0).drained).toEqual([]);
  });

  it('passes over what cannot be moved', () => {
    expect(planIntoRoom(extents([1, 64, false], [10, 64]), 1, 0).drained).toEqual([1]);
  });

  it('empties nothing into extents that are full', () => {
    const full = EXTENT_BYTES / MIB;
    expect(planIntoRoom(extents([full, full], [full, full]), 1, 0).drained).toEqual([]);
  });
});

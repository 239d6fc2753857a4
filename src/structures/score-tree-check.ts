/**
 * Proves that a score tree is sound, for tests and debugging: order, totals, keys, links and fill
 * are computed anew and compared.
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { MemberRecords } from './member-records.ts';
import type { ScoreTree } from './score-tree.ts';
import {
  ENTRIES_MAX,
  ENTRIES_MIN,
  LEVELS_MAX,
  TREE_COUNT,
  TREE_FIRST,
  TREE_LAST,
  TREE_TOP,
} from './score-tree-node.ts';

/** Throws unless the tree is sound; returns its records in order. */
export function checkTree(tree: ScoreTree, members: MemberRecords, root: Ptr): Ptr[] {
  const { nodes } = tree;
  const top = nodes.heap.word(root, TREE_TOP) as Ptr;
  const topLevel = nodes.level(top);
  if (topLevel >= LEVELS_MAX) fail(`${topLevel + 1} levels`);
  if (topLevel > 0 && nodes.count(top) < 2) fail('the top node has a single child');
  let level = [top];
  for (let number = topLevel; number >= 0; number--) {
    checkLevel(tree, level, number, number === topLevel);
    if (number > 0) level = level.flatMap((node) => childrenOf(tree, node));
  }
  checkChain(tree, root, level);
  const records = level.flatMap((leaf) => checkLeaf(tree, members, leaf));
  checkOrder(members, records);
  const count = nodes.heap.word(root, TREE_COUNT);
  if (count !== records.length) fail(`the root counts ${count}, there are ${records.length}`);
  return records;
}

function checkLevel(tree: ScoreTree, level: readonly Ptr[], number: number, isTop: boolean): void {
  const { nodes } = tree;
  for (const [index, node] of level.entries()) {
    if (nodes.level(node) !== number) fail(`node ${node} is not on level ${number}`);
    const count = nodes.count(node);
    if (count > ENTRIES_MAX) fail(`node ${node} counts ${count}`);
    if (count === 0 && !(isTop && number === 0)) fail(`node ${node} is empty`);
    const isAtEdge = index === 0 || index === level.length - 1;
    if (count < ENTRIES_MIN && !isAtEdge) fail(`node ${node} has but ${count} entries`);
  }
}

/** The children of an inner node whose entries tell the truth. */
function childrenOf(tree: ScoreTree, node: Ptr): Ptr[] {
  const { nodes } = tree;
  return Array.from({ length: nodes.count(node) }, (_, slot) => {
    const child = nodes.child(node, slot);
    if (nodes.record(node, slot) !== nodes.record(child, 0)) {
      fail(`slot ${slot} of node ${node} has another record than its child`);
    }
    if (!Object.is(nodes.score(node, slot), nodes.score(child, 0))) {
      fail(`slot ${slot} of node ${node} has another score than its child`);
    }
    const total = nodes.total(node, slot);
    if (total !== nodes.sum(child)) fail(`slot ${slot} of node ${node} says ${total}`);
    return child;
  });
}

function checkChain(tree: ScoreTree, root: Ptr, leaves: readonly Ptr[]): void {
  const { nodes } = tree;
  if (nodes.heap.word(root, TREE_FIRST) !== leaves[0]) fail('the root has another first leaf');
  if (nodes.heap.word(root, TREE_LAST) !== leaves.at(-1)) fail('the root has another last leaf');
  for (const [index, leaf] of leaves.entries()) {
    if (nodes.previous(leaf) !== (leaves[index - 1] ?? NULL)) fail(`what is before leaf ${leaf}?`);
    if (nodes.next(leaf) !== (leaves[index + 1] ?? NULL)) fail(`what is behind leaf ${leaf}?`);
  }
}

function checkLeaf(tree: ScoreTree, members: MemberRecords, leaf: Ptr): Ptr[] {
  const { nodes } = tree;
  return Array.from({ length: nodes.count(leaf) }, (_, slot) => {
    const record = nodes.record(leaf, slot);
    const score = nodes.score(leaf, slot);
    if (!Object.is(score, members.score(record))) fail(`record ${record} has another score`);
    if (Number.isNaN(score)) fail(`record ${record} has no score`);
    return record;
  });
}

function checkOrder(members: MemberRecords, records: readonly Ptr[]): void {
  for (let i = 1; i < records.length; i++) {
    const left = records[i - 1]!;
    const right = records[i]!;
    const difference = members.score(left) - members.score(right);
    // Equal infinities have no difference.
    const isEqual = members.score(left) === members.score(right);
    if (difference > 0 || (isEqual && members.compare(left, right) >= 0)) {
      fail(`record ${left} is before ${right}`);
    }
  }
}

function fail(problem: string): never {
  throw new Error(`score tree: ${problem}`);
}

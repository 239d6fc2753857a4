/** Taking many nodes off a list at once, so that they can be freed in slices. */
import { NULL, type Ptr, UNIT_MASK } from '../memory/address.ts';
import {
  NODE_NEXT,
  NODE_PREVIOUS,
  ROOT_ELEMENTS,
  ROOT_FIRST,
  ROOT_LAST,
  ROOT_NODES,
  ROOT_USED_BYTES,
} from './quicklist-layout.ts';
import type { QuicklistNodes } from './quicklist-nodes.ts';

/**
 * Takes nodes off one end of a list, `first` to `last` with so many elements in all. Returns them
 * as a list that is good for nothing but being released, or NULL when there was but one, which is
 * freed already. Needs no memory: the block of the first node becomes the root, its elements are
 * gone.
 */
export function detachNodes(
  nodes: QuicklistNodes,
  root: Ptr,
  first: Ptr,
  last: Ptr,
  elements: number,
): Ptr {
  if (first === last) {
    nodes.remove(root, first);
    return NULL;
  }
  const { heap } = nodes;
  const left = nodes.previous(first);
  const right = nodes.next(last);
  const before = heap.word(root, ROOT_ELEMENTS);
  const size = sizeOfPart(nodes, root, first, last, elements * 2 > before);
  heap.setWord(root, ROOT_ELEMENTS, before - elements);
  heap.setWord(root, ROOT_NODES, heap.word(root, ROOT_NODES) - size.count);
  nodes.addUsedBytes(root, -size.bytes);
  // A walk that may be among the nodes that go is taken to what is behind them.
  if (nodes.walked === root) nodes.walking = right;
  if (left === NULL) heap.setWord(root, ROOT_FIRST, right);
  else heap.setWord(left, NODE_NEXT, right);
  if (right === NULL) heap.setWord(root, ROOT_LAST, left);
  else heap.setWord(right, NODE_PREVIOUS, left);

  const second = nodes.next(first);
  const lost = nodes.count(first);
  heap.setWord(first, ROOT_ELEMENTS, elements - lost);
  heap.setWord(first, ROOT_NODES, size.count - 1);
  heap.setWord(first, ROOT_FIRST, second);
  heap.setWord(first, ROOT_LAST, last);
  nodes.view(first).setFloat64(((first & UNIT_MASK) << 3) + ROOT_USED_BYTES, size.bytes, true);
  heap.setWord(second, NODE_PREVIOUS, NULL);
  heap.setWord(last, NODE_NEXT, NULL);
  return first;
}

/**
 * Nodes from `first` to `last` and their bytes; of the two parts of a list the smaller is walked.
 */
function sizeOfPart(
  nodes: QuicklistNodes,
  root: Ptr,
  first: Ptr,
  last: Ptr,
  isMost: boolean,
): { count: number; bytes: number } {
  const { heap } = nodes;
  if (!isMost) return walk(nodes, first, nodes.next(last));
  const isAtFront = nodes.previous(first) === NULL;
  const rest = isAtFront
    ? walk(nodes, nodes.next(last), NULL)
    : walk(nodes, nodes.first(root), first);
  return {
    count: heap.word(root, ROOT_NODES) - rest.count,
    bytes: nodes.usedBytes(root) - heap.capacity(root) - rest.bytes,
  };
}

function walk(nodes: QuicklistNodes, from: Ptr, end: Ptr): { count: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (let node = from; node !== end; node = nodes.next(node)) {
    count++;
    bytes += nodes.heap.capacity(node);
  }
  return { count, bytes };
}

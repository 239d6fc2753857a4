/** Proves that a quicklist is sound, for tests and debugging: every figure is computed anew. */
import { NULL, type Ptr } from '../memory/address.ts';
import * as listpack from './listpack.ts';
import { isValidListpack } from './listpack-validate.ts';
import type { Quicklists } from './quicklist.ts';
import { NODE_BYTES, NODE_OFFSET, PLAIN_TEXT_BYTES } from './quicklist-layout.ts';

/** Throws unless the list is sound. */
export function checkQuicklist(lists: Quicklists, root: Ptr): void {
  const { heap, nodes } = lists;
  let previous: Ptr = NULL;
  let elements = 0;
  let count = 0;
  let bytes = heap.capacity(root);
  for (let node = nodes.first(root); node !== NULL; node = nodes.next(node)) {
    expectEqual(node, 'the previous node', nodes.previous(node), previous);
    checkNode(lists, node);
    elements += nodes.count(node);
    bytes += heap.capacity(node);
    count++;
    previous = node;
  }
  expectEqual(root, 'the last node', nodes.last(root), previous);
  expectEqual(root, 'the number of elements', lists.count(root), elements);
  expectEqual(root, 'the number of nodes', lists.nodeCount(root), count);
  expectEqual(root, 'the bytes of all blocks', lists.usedBytes(root), bytes);
}

function checkNode({ heap, nodes }: Quicklists, node: Ptr): void {
  const capacity = heap.capacity(node);
  if (nodes.isPlain(node)) {
    expectEqual(node, 'the elements of a plain node', nodes.count(node), 1);
    const bytes = PLAIN_TEXT_BYTES + nodes.plainLength(node);
    if (bytes > capacity) fail(node, `has ${bytes} bytes in a block of ${capacity}`);
    return;
  }
  const offset = heap.word(node, NODE_OFFSET);
  const total = nodes.totalBytes(node);
  if (offset < NODE_BYTES || offset + total > capacity) {
    fail(node, `has ${total} bytes at ${offset} of a block of ${capacity}`);
  }
  const bytes = nodes.bytes(node);
  const view = nodes.view(node);
  const start = nodes.start(node);
  if (!isValidListpack(bytes, view, start, total)) fail(node, 'has no valid listpack');
  expectEqual(node, 'the elements', nodes.count(node), listpack.count(bytes, view, start));
  if (nodes.count(node) === 0) fail(node, 'is empty');
}

function expectEqual(block: Ptr, what: string, said: number, counted: number): void {
  if (said !== counted) fail(block, `has ${said} as ${what}, not ${counted}`);
}

function fail(block: Ptr, problem: string): never {
  throw new Error(`quicklist: block ${block} ${problem}`);
}

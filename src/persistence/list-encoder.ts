/**
 * Writing lists: nodes, each with what it is.
 *
 *   | nodes | NODE_PACKED | listpack |   | NODE_PLAIN | text | ...        lengths and strings
 */
import { NULL, type Ptr } from '../memory/address.ts';
import type { Cell } from '../values/cell.ts';
import type { Lists } from '../values/list.ts';
import { NODE_PACKED, NODE_PLAIN } from './rdb-format.ts';
import { type RdbWriter, STEP_BYTES } from './rdb-writer.ts';
import type { Steps } from './steps.ts';

/** See the file's comment. */
export class ListEncoder {
  readonly #lists: Lists;
  readonly #writer: RdbWriter;

  constructor(lists: Lists, writer: RdbWriter) {
    this.#lists = lists;
    this.#writer = writer;
  }

  /** Writes a list that is one listpack. */
  listpack({ bytes, view, start }: Cell): void {
    const writer = this.#writer;
    writer.length(1);
    writer.length(NODE_PACKED);
    // The cell may have room behind the listpack.
    writer.string(bytes, view, start, view.getUint32(start, true));
  }

  /** Writes a list of nodes. */
  *quicklist(root: Ptr): Steps {
    const writer = this.#writer;
    const { nodes } = this.#lists.quicklists;
    writer.length(this.#lists.quicklists.nodeCount(root));
    let pause = writer.written + STEP_BYTES;
    for (let node = nodes.first(root); node !== NULL; node = nodes.next(node)) {
      const bytes = nodes.bytes(node);
      const view = nodes.view(node);
      const length = nodes.dataBytes(node);
      if (!nodes.isPlain(node)) {
        writer.length(NODE_PACKED);
        writer.string(bytes, view, nodes.start(node), length);
      } else {
        writer.length(NODE_PLAIN);
        const start = nodes.plainStart(node);
        if (writer.isWrittenInSteps(length)) {
          yield* writer.longString(bytes, view, start, length);
        } else {
          writer.string(bytes, view, start, length);
        }
      }
      if (writer.written < pause) continue;
      yield;
      pause = writer.written + STEP_BYTES;
    }
  }
}

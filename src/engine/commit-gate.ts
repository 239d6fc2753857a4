/** Who says whether clients may hear of what they have changed: it may have to be on the disk. */
import type { Session } from './session.ts';

/** See the file's comment. */
export interface CommitGate {
  /** Whether replies of a client are to wait, because of its last change. */
  holds(session: Session): boolean;
  /** Whether what ends at a position of the stream of changes is kept. */
  isKept(offset: number): boolean;
  /**
   * Has `proceed` called whenever more is kept, until it answers that it waits for nothing more.
   */
  await(proceed: () => boolean): void;
}

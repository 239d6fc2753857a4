/**
 * DEBUG LOADAOF: the data are what the append-only file makes of them. A client that asks for it
 * waits until everything is in the file that was changed before, and is answered when it is loaded.
 */
import { type Session, STOP_WAITING } from '../engine/session.ts';

/** How long what was changed takes to the file at most, where the disk works. */
const WRITTEN_MS_MAX = 10_000;
/** Between two looks at how far that is. */
const LOOK_MS = 2;

const NOT_RELOADED = 'ERR Error trying to load the AOF files, check server logs.';

/** How a look went: not all is written yet, or it was loaded, or it could not be. */
export type ReloadAttempt = 'waiting' | 'loaded' | 'failed';

/** Has a client wait until `attempt`, which is called again and again, is over. */
export function waitForReload(session: Session, attempt: () => ReloadAttempt): void {
  session.stop |= STOP_WAITING;
  const endMs = performance.now() + WRITTEN_MS_MAX;
  const look = (): void => {
    const state = attempt();
    if (state === 'waiting' && performance.now() < endMs) {
      setTimeout(look, LOOK_MS);
      return;
    }
    if (session.closing) return;
    session.transport.answer({
      write(reply) {
        if (state === 'loaded') reply.ok();
        else reply.error(NOT_RELOADED);
        return true;
      },
    });
    session.stop &= ~STOP_WAITING;
    session.transport.resume();
  };
  // The unit of the stream that the command belongs to is open.
  setImmediate(look);
}

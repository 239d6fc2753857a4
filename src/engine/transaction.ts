/** What one client has begun with MULTI or WATCH. */
import type { TransactionState } from '../commands/services/transactions.ts';
import { CommandQueue } from '../protocol/command-queue.ts';
import type { Watch, Watcher } from './watches.ts';

/** See the file's comment. */
export class Transaction implements TransactionState, Watcher {
  isOpen = false;
  isTouched = false;
  /** Whether a command was refused in place of being queued. */
  isSpoilt = false;
  /** The flags of all queued commands, see FLAG_BITS. */
  mask = 0;
  readonly queue: CommandQueue = new CommandQueue();
  watches: Watch | null = null;
  watchCount = 0;

  get queuedCommands(): number {
    return this.queue.count;
  }

  get queuedBytes(): number {
    return this.queue.argumentBytes;
  }
}

/**
 * What commands need of the layers above them, as narrow interfaces. The engine and the server
 * implement them, `redstart.ts` plugs them in.
 */
import type { AppendOnly } from './services/append-only.ts';
import type { Blocking } from './services/blocking.ts';
import type { CommandCatalog } from './services/catalog.ts';
import type { ClientDirectory } from './services/clients.ts';
import type { Configuration, PasswordCheck } from './services/configuration.ts';
import type { Debugging } from './services/debugging.ts';
import type { Lifecycle } from './services/lifecycle.ts';
import type { LatencyMonitor, Monitors, Slowlog } from './services/observation.ts';
import type { Persistence } from './services/persistence.ts';
import type { PubSub } from './services/pubsub.ts';
import type { Functions, Scripting } from './services/scripting.ts';
import type { Serialization } from './services/serialization.ts';
import type { Statistics } from './services/statistics.ts';
import type { Tracking } from './services/tracking.ts';
import type { Transactions } from './services/transactions.ts';
import type { WallClock } from './services/wall-clock.ts';

/** See the file's comment. */
export interface Services {
  readonly catalog: CommandCatalog;
  readonly clients: ClientDirectory;
  readonly configuration: Configuration;
  readonly password: PasswordCheck;
  readonly lifecycle: Lifecycle;
  readonly slowlog: Slowlog;
  readonly latency: LatencyMonitor;
  readonly monitors: Monitors;
  readonly pubsub: PubSub;
  readonly statistics: Statistics;
  readonly debugging: Debugging;
  readonly wallClock: WallClock;
  readonly serialization: Serialization;
  readonly persistence: Persistence;
  readonly appendOnly: AppendOnly;
  readonly scripting: Scripting;
  readonly functions: Functions;
  readonly transactions: Transactions;
  readonly blocking: Blocking;
  readonly tracking: Tracking;
}

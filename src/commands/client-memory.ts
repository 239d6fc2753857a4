/** What the clients take beside the data: the figures of CLIENT LIST, and of maxmemory-clients. */
import type { ClientState } from './services/clients.ts';

/** What an idle client costs beside its buffers, in resident memory as measured on Node 20. */
const CLIENT_BYTES = 5632;
/** What it costs to remember that a client subscribes to something, or tracks a prefix. */
const SUBSCRIPTION_BYTES = 200;

/** In bytes. */
export interface ClientMemory {
  readonly query: number;
  readonly queryFree: number;
  readonly output: number;
  /** Arguments of the command that runs, or waits. */
  readonly arguments: number;
  /** Commands that wait for EXEC. */
  readonly queued: number;
  readonly total: number;
}

/** What a client takes at the moment; `argumentBytes` are those of the command that it runs. */
export function memoryOf(client: ClientState, argumentBytes = 0): ClientMemory {
  const { transport, transaction, waiting } = client;
  const query = transport.queryBytes();
  const queryFree = transport.queryFreeBytes();
  const output = transport.outputBytes();
  const held = argumentBytes > 0 ? argumentBytes : (waiting?.argumentBytes ?? 0);
  const queued = transaction?.queuedBytes ?? 0;
  const buffers = query + queryFree + output + held + queued;
  const total = CLIENT_BYTES + buffers + subscriptionsOf(client) * SUBSCRIPTION_BYTES;
  return { query, queryFree, output, arguments: held, queued, total };
}

function subscriptionsOf({ subscriptions, tracking }: ClientState): number {
  let count = 0;
  if (subscriptions !== null) {
    count += subscriptions.count('channels') + subscriptions.count('patterns');
    count += subscriptions.count('shardChannels');
  }
  if (tracking?.options.broadcasts) count += tracking.prefixes().length;
  return count;
}

/** Clients. What INFO clients tells beside this, their largest buffers, takes a walk over all. */
import type { InfoSource } from '../commands/info/section.ts';
import { type Family, single } from './family.ts';

/** Families of clients as a whole. */
export function* clientFamilies({ services }: InfoSource): Generator<Family> {
  const { clients, configuration, blocking, tracking } = services;
  const gauge = (name: string, help: string, value: number) => single(name, 'gauge', help, value);
  yield gauge('redis_connected_clients', 'Clients that are connected.', clients.count);
  yield gauge(
    'redis_config_maxclients',
    'How many may be.',
    Number(configuration.textOf('maxclients')),
  );
  yield gauge(
    'redis_blocked_clients',
    'Clients that wait in a command for something to come.',
    blocking.clientCount,
  );
  yield gauge(
    'redis_tracking_clients',
    'Clients that are told of keys that are not valid any more.',
    tracking.clientCount,
  );
}

/** INFO clients. */
import type { Section } from './section.ts';

export const clients: Section = {
  title: 'Clients',
  isDefault: true,
  fields({ services }) {
    let inputMax = 0;
    let outputMax = 0;
    const { blocking } = services;
    let blocked = blocking.clientCount;
    for (const { transport, paused } of services.clients.all()) {
      if (paused) blocked++;
      inputMax = Math.max(inputMax, transport.queryBytes() + transport.queryFreeBytes());
      outputMax = Math.max(outputMax, transport.outputBytes());
    }
    return [
      ['connected_clients', services.clients.count],
      ['cluster_connections', 0],
      ['maxclients', services.configuration.textOf('maxclients')],
      ['client_recent_max_input_buffer', inputMax],
      ['client_recent_max_output_buffer', outputMax],
      ['blocked_clients', blocked],
      ['tracking_clients', services.tracking.clientCount],
      ['clients_in_timeout_table', blocking.timedCount],
      ['total_blocking_keys', blocking.keyCount],
      ['total_blocking_keys_on_nokey', blocking.groupKeyCount],
    ];
  },
};

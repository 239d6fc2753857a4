/** INFO replication, of a master without replicas. */
import type { Section } from './section.ts';

const NO_ID = '0'.repeat(40);

export const replication: Section = {
  title: 'Replication',
  isDefault: true,
  fields({ services: { configuration, lifecycle } }) {
    return [
      ['role', 'master'],
      ['connected_slaves', 0],
      ['master_failover_state', 'no-failover'],
      // A history of the data begins with each start, so the id of the start names it.
      ['master_replid', lifecycle.runId],
      ['master_replid2', NO_ID],
      ['master_repl_offset', 0],
      ['second_repl_offset', -1],
      ['repl_backlog_active', 0],
      ['repl_backlog_size', configuration.textOf('repl-backlog-size')],
      ['repl_backlog_first_byte_offset', 0],
      ['repl_backlog_histlen', 0],
    ];
  },
};

/** The sections of INFO, in the order in which they are shown. */
import { commandstats, errorstats, latencystats } from './calls.ts';
import { clients } from './clients.ts';
import { cpu } from './cpu.ts';
import { keyspace } from './keyspace.ts';
import { memory } from './memory.ts';
import { persistence } from './persistence.ts';
import { replication } from './replication.ts';
import type { Section } from './section.ts';
import { server } from './server.ts';
import { stats } from './stats.ts';

const modules: Section = { title: 'Modules', isDefault: true, fields: () => [] };

const cluster: Section = {
  title: 'Cluster',
  isDefault: true,
  fields: () => [['cluster_enabled', 0]],
};

export const SECTIONS: readonly Section[] = [
  server,
  clients,
  memory,
  persistence,
  stats,
  replication,
  cpu,
  modules,
  commandstats,
  errorstats,
  latencystats,
  cluster,
  keyspace,
];

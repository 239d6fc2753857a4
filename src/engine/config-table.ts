/** The table of directives: the one place that says which exist and what they are. */

import type { Directive, Kind } from './config-directive.ts';
import { CLUSTER_DIRECTIVES } from './config-table-cluster.ts';
import { GENERAL_DIRECTIVES } from './config-table-general.ts';
import { MEMORY_DIRECTIVES } from './config-table-memory.ts';
import { MONITORING_DIRECTIVES } from './config-table-monitoring.ts';
import { NETWORK_DIRECTIVES } from './config-table-network.ts';
import { PERSISTENCE_DIRECTIVES } from './config-table-persistence.ts';
import { REPLICATION_DIRECTIVES } from './config-table-replication.ts';
import { SECURITY_DIRECTIVES } from './config-table-security.ts';
import { TLS_DIRECTIVES } from './config-table-tls.ts';
import { VALUE_DIRECTIVES } from './config-table-values.ts';

/** The table by chapter, for the documentation. */
export const DIRECTIVE_CHAPTERS = {
  Network: NETWORK_DIRECTIVES,
  TLS: TLS_DIRECTIVES,
  General: GENERAL_DIRECTIVES,
  Security: SECURITY_DIRECTIVES,
  Memory: MEMORY_DIRECTIVES,
  Values: VALUE_DIRECTIVES,
  Persistence: PERSISTENCE_DIRECTIVES,
  Replication: REPLICATION_DIRECTIVES,
  Monitoring: MONITORING_DIRECTIVES,
  Cluster: CLUSTER_DIRECTIVES,
};

/**
 * Every directive by name. Index it by a `DirectiveName` only; what a user typed goes to
 * `findDirective`.
 */
const DIRECTIVES = {
  ...NETWORK_DIRECTIVES,
  ...TLS_DIRECTIVES,
  ...GENERAL_DIRECTIVES,
  ...SECURITY_DIRECTIVES,
  ...MEMORY_DIRECTIVES,
  ...VALUE_DIRECTIVES,
  ...PERSISTENCE_DIRECTIVES,
  ...REPLICATION_DIRECTIVES,
  ...MONITORING_DIRECTIVES,
  ...CLUSTER_DIRECTIVES,
};

export type DirectiveName = keyof typeof DIRECTIVES;

/** The type of a directive's value. */
export type ValueOf<Name extends DirectiveName> =
  (typeof DIRECTIVES)[Name]['kind'] extends Kind<infer T> ? T : never;

/** The value of every directive. */
export type ConfigValues = { readonly [Name in DirectiveName]: ValueOf<Name> };

/** The names in the order of the table, which is that of CONFIG GET. */
// The cast restores what Object.keys forgets: the table has no keys but its own.
export const DIRECTIVE_NAMES = Object.keys(DIRECTIVES) as readonly DirectiveName[];

/** The row of a directive, typed by its value. */
export function directiveOf<Name extends DirectiveName>(name: Name): Directive<ValueOf<Name>> {
  // The cast says what ValueOf means; the compiler does not see through the conditional type.
  return DIRECTIVES[name] as unknown as Directive<ValueOf<Name>>;
}

/** Names and aliases in the order of the table, each alias behind its name. */
export const NAMES_AND_ALIASES: ReadonlyMap<string, DirectiveName> = new Map(
  DIRECTIVE_NAMES.flatMap((name) =>
    [name, ...directiveOf(name).aliases].map((each) => [each, name] as const),
  ),
);

/** Finds a directive by its name or an alias, in any case. */
export function findDirective(name: string): DirectiveName | undefined {
  return NAMES_AND_ALIASES.get(name.toLowerCase());
}

/** What `redstart --help` says. */
import { type DirectiveName, directiveOf } from '../engine/config-table.ts';

/** Directives that redis-server does not have. */
export const OWN_DIRECTIVES: readonly DirectiveName[] = [
  'text-port',
  'text-replies',
  'http-port',
  'http-bind',
  'rehearsal',
];

/** The help, with a line for each directive of our own. */
export function usage(): string {
  return `Usage: redstart [/path/to/redis.conf] [options] [-]
       redstart - (read the configuration from standard input)
       redstart check-rdb <file> (say what is in a snapshot, and where it is damaged)
       redstart check-aof [--fix] <file> (the same for an append-only file or its manifest)
       redstart -v or --version
       redstart -h or --help

Every directive of redis.conf is an option:
       redstart                                  (default configuration, port 6379)
       redstart --port 7777
       redstart /etc/redis.conf --loglevel verbose --requirepass secret
       redstart --save 900 1 300 10 --bind 127.0.0.1 ::1
       echo 'maxmemory 128mb' | redstart -

What redis-server does not have:
${OWN_DIRECTIVES.map(ownLine).join('\n')}
       --maxmemory-policy allkeys-s3fifo | volatile-s3fifo

All directives, their defaults and meaning: docs/configuration.md, and CONFIG GET *.
`;
}

function ownLine(name: DirectiveName): string {
  const { kind, initial, doc } = directiveOf(name);
  return `       --${name} ${kind.syntax} (default ${initial})\n           ${doc}`;
}

/** Directives: the process, its log, its shutdown and its scripts. */

import { directive } from './config-directive.ts';
import { BOOLEAN, choice, INT32_MAX, INT64_MAX, integer, onlyNo, text } from './config-kinds.ts';
import { DIRECTORY, OOM_SCORES, SHUTDOWN_OPTIONS } from './config-list-kinds.ts';

const HZ_MIN = 1n;
const HZ_MAX = 500n;

const DAEMONIZE_REFUSAL =
  'Redstart cannot put itself in the background: use a supervisor such as systemd, or nohup and &';

const TITLE_VARIABLE = /\{([^}]*)\}/g;
const TITLE_VARIABLES: readonly string[] = [
  'title',
  'listen-addr',
  'server-mode',
  'port',
  'tls-port',
  'config-file',
  'unixsocket',
];

function checkTitle(template: string): string | undefined {
  const known = [...template.matchAll(TITLE_VARIABLE)].every(([, variable]) =>
    TITLE_VARIABLES.includes(variable!),
  );
  const rest = template.replaceAll(TITLE_VARIABLE, '');
  if (known && template !== '' && !rest.includes('{')) return undefined;
  return 'template format is invalid or contains unknown variables';
}

const WITHOUT_EFFECT = { effect: 'accepted' } as const;
const STARTUP_WITHOUT_EFFECT = { change: 'startup', effect: 'accepted' } as const;
const HIDDEN_WITHOUT_EFFECT = { hidden: true, effect: 'accepted' } as const;

export const GENERAL_DIRECTIVES = {
  databases: directive(integer(1, INT32_MAX), '16', 'How many databases SELECT can choose from.', {
    change: 'startup',
  }),
  dir: directive(
    DIRECTORY,
    '.',
    'Directory of the data files, which other relative file names start from too.',
    { change: 'protected', deniedWhileLoading: true, environmental: true },
  ),
  pidfile: directive(text('<path>'), '', 'File that holds the process id while the server runs.', {
    change: 'startup',
  }),
  loglevel: directive(
    choice('debug', 'verbose', 'notice', 'warning', 'nothing'),
    'notice',
    'The least severe messages that are logged.',
  ),
  logfile: directive(
    text('<path>'),
    '',
    'File that the log is appended to; unset, the standard output.',
    { change: 'startup' },
  ),
  daemonize: directive(
    onlyNo(DAEMONIZE_REFUSAL),
    'no',
    'Whether to run in the background; yes is refused, a supervisor does it better.',
    { change: 'startup' },
  ),
  supervised: directive(
    choice('upstart', 'systemd', 'auto', 'no'),
    'no',
    'Which supervisor is told that the server is ready, and that it ends; auto finds out.',
    { change: 'startup' },
  ),
  'set-proc-title': directive(
    BOOLEAN,
    'yes',
    'Whether the title of the process says what it serves.',
    { change: 'startup' },
  ),
  'proc-title-template': directive(
    text('<template>', checkTitle),
    '{title} {listen-addr} {server-mode}',
    'How the title of the process is made up.',
  ),
  rehearsal: directive(
    BOOLEAN,
    'yes',
    'Whether an idle server first runs commands of its own, until these are compiled.',
    { change: 'startup' },
  ),
  hz: directive(
    integer(0, INT32_MAX, { from: HZ_MIN, to: HZ_MAX }),
    '10',
    'How often per second the background work runs, from 1 to 500.',
    { effect: 'accepted' },
  ),
  'dynamic-hz': directive(
    BOOLEAN,
    'yes',
    'Whether the background work runs more often when there are many clients.',
    { effect: 'accepted' },
  ),
  'shutdown-timeout': directive(
    integer(0, INT32_MAX),
    '10',
    'Seconds for which a shutdown waits for replicas that are behind.',
    { effect: 'planned' },
  ),
  'shutdown-on-sigint': directive(SHUTDOWN_OPTIONS, 'default', 'How SIGINT shuts down.'),
  'shutdown-on-sigterm': directive(SHUTDOWN_OPTIONS, 'default', 'How SIGTERM shuts down.'),
  'busy-reply-threshold': directive(
    integer(0, INT64_MAX),
    '5000',
    'Milliseconds after which a script may be killed and other clients are answered BUSY.',
    { aliases: ['lua-time-limit'] },
  ),
  'lua-enable-deprecated-api': directive(
    BOOLEAN,
    'no',
    'Whether scripts see functions that Lua has deprecated.',
    { change: 'startup', hidden: true, effect: 'planned' },
  ),
  'syslog-enabled': directive(
    BOOLEAN,
    'no',
    'Whether the log also goes to the system log.',
    STARTUP_WITHOUT_EFFECT,
  ),
  'syslog-ident': directive(
    text('<word>'),
    'redis',
    'Name of the program in the system log.',
    STARTUP_WITHOUT_EFFECT,
  ),
  'syslog-facility': directive(
    choice('user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'),
    'local0',
    'Facility of the messages in the system log.',
    STARTUP_WITHOUT_EFFECT,
  ),
  'always-show-logo': directive(
    BOOLEAN,
    'no',
    'Whether a logo is shown at start even where the log is not a terminal.',
    STARTUP_WITHOUT_EFFECT,
  ),
  'crash-log-enabled': directive(
    BOOLEAN,
    'yes',
    'Whether a crash writes a report to the log.',
    WITHOUT_EFFECT,
  ),
  'crash-memcheck-enabled': directive(
    BOOLEAN,
    'yes',
    'Whether a crash tests the memory.',
    WITHOUT_EFFECT,
  ),
  'use-exit-on-panic': directive(
    BOOLEAN,
    'no',
    'Whether a failed assertion exits instead of aborting.',
    HIDDEN_WITHOUT_EFFECT,
  ),
  'watchdog-period': directive(
    integer(0, INT32_MAX),
    '0',
    'Milliseconds after which a stalled event loop is reported.',
    HIDDEN_WITHOUT_EFFECT,
  ),
  'disable-thp': directive(
    BOOLEAN,
    'yes',
    'Whether transparent huge pages are turned off for the process.',
    STARTUP_WITHOUT_EFFECT,
  ),
  'jemalloc-bg-thread': directive(
    BOOLEAN,
    'yes',
    'Whether the allocator returns memory from a thread of its own.',
    WITHOUT_EFFECT,
  ),
  'ignore-warnings': directive(
    text('<warning>'),
    '',
    'Warnings about the system that do not prevent a start.',
    WITHOUT_EFFECT,
  ),
  'locale-collate': directive(
    text('<locale>'),
    '',
    'Locale by which scripts and SORT compare strings.',
    WITHOUT_EFFECT,
  ),
  'oom-score-adj': directive(
    choice('no', 'yes', 'relative', 'absolute'),
    'no',
    'Whether the process adjusts its out-of-memory score.',
    WITHOUT_EFFECT,
  ),
  'oom-score-adj-values': directive(
    OOM_SCORES,
    '0 200 800',
    'Out-of-memory scores of a master, a replica and a background process.',
    WITHOUT_EFFECT,
  ),
  server_cpulist: directive(
    text('<cpu list>'),
    '',
    'Processors for the main thread.',
    STARTUP_WITHOUT_EFFECT,
  ),
  bio_cpulist: directive(
    text('<cpu list>'),
    '',
    'Processors for background threads.',
    STARTUP_WITHOUT_EFFECT,
  ),
  aof_rewrite_cpulist: directive(
    text('<cpu list>'),
    '',
    'Processors for rewriting the AOF.',
    STARTUP_WITHOUT_EFFECT,
  ),
  bgsave_cpulist: directive(
    text('<cpu list>'),
    '',
    'Processors for background saves.',
    STARTUP_WITHOUT_EFFECT,
  ),
};

/**
 * Writes docs/configuration.md from the table of directives: `npm run docs:configuration`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Directive } from '../src/engine/config-directive.ts';
import {
  DIRECTIVE_CHAPTERS,
  DIRECTIVE_NAMES,
  type DirectiveName,
  directiveOf,
} from '../src/engine/config-table.ts';

/** Where the document is, from the root of the repository. */
export const CONFIGURATION_DOCUMENT = 'docs/configuration.md';

/** Why directives are accepted that never have an effect. */
const WITHOUT_EFFECT: ReadonlyArray<readonly [reason: string, names: readonly DirectiveName[]]> = [
  [
    'There is no cluster mode.',
    [...DIRECTIVE_NAMES.filter((name) => /^cluster-(?!enabled$)/.test(name)), 'tls-cluster'],
  ],
  [
    'There is one thread for commands and sockets, and no process is forked, so that there is ' +
      'nothing to spread over processors.',
    [
      ...(['io-threads', 'io-threads-do-reads', 'server_cpulist', 'bio_cpulist'] as const),
      ...(['aof_rewrite_cpulist', 'bgsave_cpulist'] as const),
    ],
  ],
  [
    'Memory is always freed and tables always grow in slices that hold nobody up; there is no ' +
      'slower way to choose.',
    [
      ...(['lazyfree-lazy-eviction', 'lazyfree-lazy-expire', 'lazyfree-lazy-server-del'] as const),
      ...(['lazyfree-lazy-user-del', 'lazyfree-lazy-user-flush', 'replica-lazy-flush'] as const),
      ...(['activerehashing', 'active-defrag-max-scan-fields'] as const),
    ],
  ],
  [
    'Background work is done when there is something to do, in slices of half a millisecond: ' +
      'keys go when they are due, and loading lets clients be heard every few milliseconds.',
    [
      ...(['hz', 'dynamic-hz', 'active-expire-effort'] as const),
      ...(['loading-process-events-interval-bytes'] as const),
    ],
  ],
  [
    'They steer an allocator, a kernel or a C runtime that Redstart does not use or cannot reach.',
    [
      ...(['jemalloc-bg-thread', 'disable-thp', 'oom-score-adj', 'oom-score-adj-values'] as const),
      ...(['socket-mark-id', 'crash-log-enabled', 'crash-memcheck-enabled'] as const),
      ...(['use-exit-on-panic', 'watchdog-period', 'ignore-warnings', 'locale-collate'] as const),
    ],
  ],
  [
    'The log goes to the standard output or a file; what runs the server takes it from there.',
    ['syslog-enabled', 'syslog-ident', 'syslog-facility', 'always-show-logo'],
  ],
  ['Lists are not compressed in memory.', ['list-compress-depth']],
  ['A full sync never goes through a file.', ['repl-diskless-sync']],
];

const HEAD = `# Configuration

<!-- Written by "npm run docs:configuration" from src/engine/config-table*.ts: change those. -->

Redstart reads the configuration files of Redis 7.2, takes the same options on its command line, and answers the same
CONFIG commands.

\`\`\`
redstart /etc/redis.conf                        # a file
redstart /etc/redis.conf --port 7777            # and options, which win
redstart --save 900 1 300 10 --maxclients 100   # options alone
echo 'maxclients 100' | redstart -              # the standard input
\`\`\`

In a file each line is a directive and its arguments; a line that begins with \`#\` is a comment. Arguments with blanks or
bytes beyond ASCII stand between quotes, as in \`"two words"\` or \`"\\xff"\`. \`include <path>\` reads another file, or all that
a pattern with \`*\` and \`?\` names. Where a directive is given twice, the last line counts; \`save\` and
\`client-output-buffer-limit\` add to what lines before them said. Sizes may have a unit: \`1k\` is 1000 bytes, \`1kb\` is 1024,
and so on with \`m\`, \`mb\`, \`g\` and \`gb\`.

\`CONFIG GET pattern\` shows settings, \`CONFIG SET directive value\` changes those that may change while the server runs, and
\`CONFIG REWRITE\` writes them back into the file. Secrets are never shown: CONFIG GET prints \`********\` in their place.

An unknown directive or a value that makes no sense prevents the start, with the line and the reason on the standard error
and exit code 1. So do, for the time being, \`user\` and \`rename-command\`: there are no users yet and commands cannot be
renamed, and it would be dangerous to pass over that in silence.

**At run time** says when a directive can be changed: *yes* by CONFIG SET, *no* only at a start; *if allowed* is by CONFIG
SET where \`enable-protected-configs\` allows it. *No effect yet* marks directives of parts that are still to come; the log
names those that are given. Those that will never have an effect are [at the end](#accepted-without-effect).
`;

const TAIL_HEAD = `
## Accepted without effect

Files, scripts and tools written for Redis set these. They are read, checked, shown by CONFIG GET and kept by CONFIG
REWRITE, and change nothing.
`;

/** The text of the document. */
export function configurationDocument(): string {
  const chapters = Object.entries(DIRECTIVE_CHAPTERS).map(([title, rows]) => {
    // A chapter's keys are names of the table, which is made of the chapters.
    const names = (Object.keys(rows) as DirectiveName[]).filter(
      (name) => directiveOf(name).effect !== 'accepted',
    );
    return names.length === 0 ? '' : `\n## ${title}\n\n${table(names)}`;
  });
  return `${HEAD}${chapters.join('')}${TAIL_HEAD}${withoutEffect()}`;
}

function table(names: readonly DirectiveName[]): string {
  const rows = names.map((name) => {
    const row: Directive<unknown> = directiveOf(name);
    const cells = [code(name), code(row.kind.syntax), initialOf(row), whenOf(row), meaningOf(row)];
    return `| ${cells.join(' | ')} |`;
  });
  const head = ['| Directive | Value | Default | At run time | Meaning |', '|---|---|---|---|---|'];
  return `${[...head, ...rows].join('\n')}\n`;
}

function withoutEffect(): string {
  const groups = WITHOUT_EFFECT.map(([reason, names]) => {
    return `\n${reason}\n\n${names.map(code).join(', ')}\n`;
  });
  const explained = new Set(WITHOUT_EFFECT.flatMap(([, names]) => names));
  for (const name of DIRECTIVE_NAMES) {
    const accepted = directiveOf(name).effect === 'accepted';
    if (accepted !== explained.has(name)) {
      throw new Error(
        `${name} ${accepted ? 'has no reason' : 'is given a reason, and none is due'}`,
      );
    }
  }
  return groups.join('');
}

function initialOf({ initial }: Directive<unknown>): string {
  return initial === '' ? 'unset' : code(initial);
}

function whenOf({ change }: Directive<unknown>): string {
  if (change === 'protected') return 'if allowed';
  return change === 'anytime' ? 'yes' : 'no';
}

function meaningOf({ doc, effect, aliases }: Directive<unknown>): string {
  const parts = [doc.replaceAll('*', '\\*').replaceAll('|', '\\|')];
  if (aliases.length > 0) parts.push(`Also ${aliases.map(code).join(', ')}.`);
  if (effect === 'planned') parts.push('*No effect yet.*');
  return parts.join(' ');
}

/** As code in a table, where a bar has to be escaped. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = fileURLToPath(new URL(`../${CONFIGURATION_DOCUMENT}`, import.meta.url));
  writeFileSync(path, configurationDocument());
}

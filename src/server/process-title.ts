/** The title of the process, by which `ps` and `top` show which server it is. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Config } from '../engine/config.ts';
import { systemReason } from '../engine/config-error.ts';
import type { ConfigValues } from '../engine/config-table.ts';
import type { Log } from '../engine/log.ts';

const NAME_FILE = '/proc/self/comm';

/** Keeps the title as the configuration says, where it wants one. */
export function followProcessTitle(config: Config, log: Log): void {
  if (!config.values['set-proc-title']) return;
  const apply = (): undefined => {
    process.title = processTitle(config.values, config.source.file ?? '');
    nameCommand(log);
  };
  apply();
  config.onAnyChange(['proc-title-template', 'port', 'bind'], apply);
}

/** The runtime cuts the name of the command out of the title; `pgrep` and `killall` look for it. */
function nameCommand(log: Log): void {
  if (!existsSync(NAME_FILE)) return;
  try {
    writeFileSync(NAME_FILE, 'redstart');
  } catch (problem) {
    log.verbose('The command cannot be named', { reason: systemReason(problem) });
  }
}

/** Words of a template that are directives. */
type DirectiveWord = 'port' | 'tls-port' | 'unixsocket';

/** What proc-title-template makes of the configuration. */
export function processTitle(values: ConfigValues, configFile: string): string {
  const { port, bind, unixsocket } = values;
  const address = `${(bind[0] ?? '*').replace(/^-/, '')}:${port}`;
  const words = new Map([
    ['title', 'redstart'],
    ['listen-addr', port === 0 && unixsocket !== '' ? unixsocket : address],
    ['server-mode', ''],
    ['config-file', configFile],
  ]);
  // The configuration lets no words through but these and those that are directives.
  const meaning = (word: string) => words.get(word) ?? String(values[word as DirectiveWord]);
  const template = values['proc-title-template'];
  return template.replaceAll(/\{([^}]*)\}/g, (_, word: string) => meaning(word)).trimEnd();
}

/**
 * The limit on open files, which is one on clients too: where it is lower than maxclients, a client
 * too many would be disconnected without a word, and the server's own files could not be opened.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Config } from '../engine/config.ts';
import type { Log } from '../engine/log.ts';

/** Descriptors kept for listening sockets, files and the runtime. */
const OWN_FILES = 64;
/** Where Linux says what a process may do. */
const LIMITS_FILE = '/proc/self/limits';

/** Lowers maxclients to what the system allows, and refuses to raise it beyond that. */
export function lowerClientsMax(config: Config, log: Log, filesMax = openFilesMax()): void {
  const clientsMax = Math.max(1, filesMax - OWN_FILES);
  if (config.values.maxclients > clientsMax) {
    log.warning('maxclients is lowered because of the limit on open files', {
      openFiles: filesMax,
      from: config.values.maxclients,
      to: clientsMax,
    });
    config.assign('maxclients', String(clientsMax));
  }
  const refusal =
    'The operating system is not able to handle the specified number of clients, ' +
    `try with ${clientsMax}`;
  config.onChange('maxclients', (wanted) => (wanted > clientsMax ? refusal : undefined));
}

/** How many files this process may have open; Infinity where the system does not say. */
function openFilesMax(): number {
  if (!existsSync(LIMITS_FILE)) return Number.POSITIVE_INFINITY;
  const found = /^Max open files +(\d+)/m.exec(readFileSync(LIMITS_FILE, 'latin1'));
  return found === null ? Number.POSITIVE_INFINITY : Number(found[1]);
}

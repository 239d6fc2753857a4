/** Commands of a cluster's clients, which hear that this server is in none. */
import type { Command } from './command.ts';
import { CommandError } from './errors.ts';

const NO_CLUSTER = new CommandError('ERR This instance has cluster support disabled');

export const asking: Command = refused('ASKING', 'Would follow the redirection of a cluster.', [
  'fast',
]);

export const readonly: Command = refused('READONLY', 'Would let a replica of a cluster be read.', [
  'loading',
  'stale',
  'fast',
]);

export const readwrite: Command = refused('READWRITE', 'Would take back READONLY.', [
  'loading',
  'stale',
  'fast',
]);

function refused(name: string, summary: string, flags: Command['flags']): Command {
  return {
    name,
    group: 'cluster',
    since: '3.0.0',
    summary,
    complexity: 'O(1)',
    arity: 1,
    flags,
    categories: ['connection'],
    run() {
      throw NO_CLUSTER;
    },
  };
}

/** Who may use DEBUG. */
import type { ClientState } from './clients.ts';

/** The permission that enable-debug-command gives. */
export interface Debugging {
  allowed(client: ClientState): boolean;
}

/** Who may use DEBUG: what enable-debug-command says, asked anew at every call. */
import type { ClientState, Transport } from '../commands/services/clients.ts';
import type { Debugging } from '../commands/services/debugging.ts';
import { isLoopback } from './loopback.ts';

/** See the file's comment. `permission` is for whoever knows the configuration to set. */
export class DebugAccess implements Debugging {
  permission: 'no' | 'local' | 'yes' = 'no';

  allowed(client: ClientState): boolean {
    if (this.permission === 'local') return isLocal(client.transport);
    return this.permission === 'yes';
  }
}

/** Whether a client is on this machine. */
export function isLocal(transport: Transport): boolean {
  if (transport.kind === 'unix' || transport.kind === 'embedded') return true;
  return isLoopback(transport.address);
}

import { describe, expect, it } from 'vitest';
import { ClientRoom } from '../../test/support/client-room.ts';
import type { ClientKind } from '../commands/services/clients.ts';

const CLIENTS: readonly (readonly [ClientKind, string, boolean])[] = [
  ['tcp', '127.0.0.1:50000', true],
  ['tcp', '127.1.2.3:50000', true],
  ['tcp', '[::1]:50000', true],
  ['tcp', '[::ffff:127.0.0.1]:50000', true],
  ['unix', '/tmp/redis.sock:0', true],
  ['embedded', '', true],
  ['tcp', '10.0.0.1:50000', false],
  ['tcp', '1.127.0.0:50000', false],
  ['tcp', '[::10]:50000', false],
  ['text', '192.168.0.1:127', false],
];

describe('DEBUG', () => {
  it.each(CLIENTS)('from %s %s, where it is allowed locally: %s', (kind, address, allowed) => {
    const room = new ClientRoom();
    const { session } = room.enter(kind, address);
    expect(room.debugging.allowed(session)).toBe(false);
    room.debugging.permission = 'local';
    expect(room.debugging.allowed(session)).toBe(allowed);
    room.debugging.permission = 'yes';
    expect(room.debugging.allowed(session)).toBe(true);
  });

  it('says how it could be allowed when it is not', () => {
    const room = new ClientRoom();
    expect(room.enter().call('DEBUG', 'SLEEP', '0')).toMatch(
      /^\(error\) ERR DEBUG command not allowed\. If the enable-debug-command option/,
    );
  });
});

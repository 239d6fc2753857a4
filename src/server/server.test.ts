import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import { Server, type ServerSettings } from './server.ts';

const OPEN: ServerSettings = {
  maxClients: 10,
  protectedMode: true,
  passwordSet: false,
  idleSecondsMax: 0,
  keepAliveSeconds: 0,
  textReplies: 'quoted',
};

/** What a connection from this address is told instead of being served. */
function refusal(
  address: string | undefined,
  settings: Partial<ServerSettings> = {},
  clients = 0,
): string | undefined {
  const statistics = { connectionsRejected: 0 };
  // All that a server asks of its engine before it lets somebody in.
  const engine = { clients: { count: clients }, statistics } as unknown as Engine;
  const server = new Server(engine, () => ({ ...OPEN, ...settings }));
  // All that it asks of the socket.
  const answer = server.refusal({ remoteAddress: address } as Socket);
  expect(statistics.connectionsRejected).toBe(answer === undefined ? 0 : 1);
  return answer;
}

describe('protected mode', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', undefined])(
    'lets %s in',
    (address) => {
      expect(refusal(address)).toBeUndefined();
    },
  );

  it.each([
    '192.0.2.1',
    '10.0.0.1',
    '128.0.0.1',
    '1.127.0.1',
    '::',
    '::2',
    '2001:db8::127',
    '::ffff:192.0.2.1',
  ])('keeps %s out', (address) => {
    expect(refusal(address)).toMatch(/^DENIED Redis is running in protected mode [^\r\n]*$/);
  });

  it('ends with a password, or when it is off', () => {
    expect(refusal('192.0.2.1', { passwordSet: true })).toBeUndefined();
    expect(refusal('192.0.2.1', { protectedMode: false })).toBeUndefined();
  });
});

describe('maxclients', () => {
  it('counts those who are in', () => {
    expect(refusal('127.0.0.1', {}, 9)).toBeUndefined();
    expect(refusal('127.0.0.1', {}, 10)).toBe('ERR max number of clients reached');
    expect(refusal('192.0.2.1', {}, 10)).toBe('ERR max number of clients reached');
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientKind, ClientState, Transport } from '../commands/services/clients.ts';
import { loadConfiguration } from './config-file.ts';
import { ConfigurationService } from './configuration-service.ts';

let root = '';
let loading = false;
let users: readonly string[] | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'redstart-configuration-'));
  loading = false;
  users = undefined;
});
afterEach(() => rmSync(root, { recursive: true }));

async function serviceOf(...lines: readonly string[]): Promise<ConfigurationService> {
  const file = join(root, 'a.conf');
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  const surroundings = { version: '', workingDirectory: root };
  const config = await loadConfiguration([file], async () => Buffer.alloc(0), surroundings);
  return new ConfigurationService(config, { isLoading: () => loading, userLines: () => users });
}

/** A client of which only where it comes from is known. */
function clientFrom(kind: ClientKind, address: string): ClientState {
  const transport: Partial<Transport> = { kind, address };
  return { transport } as ClientState;
}

const REMOTE = clientFrom('tcp', '10.0.0.1:5000');

function pair(name: string, value: string): [Buffer, Buffer] {
  return [Buffer.from(name), Buffer.from(value)];
}

describe('ConfigurationService', () => {
  it('shows values as text', async () => {
    const service = await serviceOf('maxmemory 1kb', 'maxclients 7');
    expect(service.get([Buffer.from('maxm?mory')])).toEqual([['maxmemory', '1024']]);
    expect(service.textOf('maxclients')).toBe('7');
    expect(service.textOf('latency-tracking-info-percentiles')).toBe('50 99 99.9');
    expect(() => service.textOf('nosuch')).toThrow('nosuch');
  });

  it('knows which directives hold secrets', async () => {
    const service = await serviceOf();
    expect(
      ['requirepass', 'MasterAuth', 'hz', 'nosuch', ''].map((n) => service.isSecret(n)),
    ).toEqual([true, true, false, false, false]);
  });

  it('sets what the client may set', async () => {
    const service = await serviceOf();
    expect(service.set([pair('hz', '20'), pair('timeout', '5')], REMOTE)).toBeUndefined();
    expect([service.textOf('hz'), service.textOf('timeout')]).toEqual(['20', '5']);
    expect(service.set([pair('hz', 'x')], REMOTE)).toMatch(/^ERR CONFIG SET failed/);
  });

  it.each([
    ['tcp', '127.0.0.1:5000', true],
    ['tcp', '[::1]:5000', true],
    ['tcp', '10.0.0.1:5000', false],
    ['unix', '/tmp/x.sock:0', true],
    ['embedded', '', true],
  ] as const)('protects directives from those not on this machine: %s %s', async (...client) => {
    const [kind, address, isAllowed] = client;
    const service = await serviceOf('enable-protected-configs local');
    const problem = service.set([pair('dbfilename', 'x.rdb')], clientFrom(kind, address));
    if (isAllowed) expect(problem).toBeUndefined();
    else expect(problem).toContain("can't set protected config");
  });

  it('protects directives while data is loaded', async () => {
    const service = await serviceOf('enable-protected-configs yes');
    loading = true;
    expect(service.set([pair('dir', root)], REMOTE)).toMatch(/^LOADING /);
    loading = false;
    expect(service.set([pair('dir', root)], REMOTE)).toBeUndefined();
  });

  it('rewrites the file, with the lines of the users', async () => {
    const service = await serviceOf('hz 10', 'dir .');
    service.set([pair('hz', '20'), pair('requirepass', 'secret')], REMOTE);
    expect(service.rewrite()).toMatch(/requirepass was changed/);
    users = ['user default on #00 ~* &* +@all'];
    expect(service.rewrite()).toBeUndefined();
    expect(readFileSync(join(root, 'a.conf'), 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['hz 20', users[0]]),
    );
  });
});

/** That nobody sees a server rehearse. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { RespClient } from '../support/resp-client.ts';
import { type RunningServer, startRedstart } from '../support/server.ts';
import { infoNumber } from '../support/server-info.ts';

const REHEARSING = ['--rehearsal', 'yes', '--loglevel', 'verbose'];
const OVER = 'The rehearsal is over';
const LATE_MS = 30_000;

let server: RunningServer | undefined;
afterEach(() => server?.stop());

async function untilOver({ output }: RunningServer): Promise<void> {
  const deadlineMs = performance.now() + LATE_MS;
  while (!output().includes(OVER)) {
    if (performance.now() > deadlineMs) throw new Error(`still rehearsing; it said:\n${output()}`);
    await sleep(20);
  }
}

it('is seen by no client: not in MONITOR, INFO, the slow log or the list of clients', async () => {
  server = await startRedstart([...REHEARSING, '--slowlog-log-slower-than', '0']);
  const monitor = await RespClient.connect(server.port);
  await monitor.call('MONITOR');
  await untilOver(server);
  const client = await RespClient.connect(server.port);
  const slow = await client.call('SLOWLOG', 'LEN');
  // The one call of MONITOR.
  expect(slow).toEqual({ type: 'integer', value: 1n });
  // MONITOR shows no commands for administrators.
  await client.call('PING');
  expect(JSON.stringify(await monitor.read())).toContain('PING');
  const figures = {
    'stats.total_connections_received': 2,
    'stats.evicted_keys': 0,
    'stats.total_error_replies': 0,
    'clients.connected_clients': 2,
    'persistence.rdb_changes_since_last_save': 0,
    'memory.maxmemory': 0,
  };
  for (const [name, wanted] of Object.entries(figures)) {
    const [section, field] = name.split('.') as [string, string];
    expect([name, await infoNumber(client, section, field)]).toEqual([name, wanted]);
  }
  const calls = await client.call('INFO', 'commandstats');
  const text = calls.type === 'bulk' ? calls.bytes.toString() : '';
  const names = [...text.matchAll(/^cmdstat_([^:]+):/gm)].map(([, name]) => name);
  expect(names.sort()).toEqual(['info', 'monitor', 'ping', 'slowlog|len']);
  expect(await client.call('DBSIZE')).toEqual({ type: 'integer', value: 0n });
  await client.close();
  await monitor.close();
});

it('is no reason to end late, or to end with an error', async () => {
  server = await startRedstart(REHEARSING);
  // It has begun by now, and takes longer.
  await sleep(100);
  expect(await server.stop()).toBe(0);
});

it('is left out where there is no TCP port, and where it is not wanted', async () => {
  for (const flags of [
    ['--port', '0', '--unixsocket', 'socket', '--rehearsal', 'yes'],
    ['--rehearsal', 'no'],
  ]) {
    server = await startRedstart(['--loglevel', 'verbose', ...flags]);
    await sleep(1000);
    expect(server.output()).not.toContain('rehearsal');
    await server.stop();
  }
});

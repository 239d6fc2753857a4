import { setTimeout as sleep } from 'node:timers/promises';
import type { RespClient } from './resp-client.ts';

const WAIT_MS_MAX = 5_000;

/** A field of a section of INFO; throws when there is none. */
export async function infoField(
  client: RespClient,
  section: string,
  field: string,
): Promise<string> {
  const reply = await client.call('INFO', section);
  if (reply.type !== 'bulk') throw new Error(`INFO answered ${reply.type}`);
  const found = reply.bytes.toString().match(new RegExp(`^${field}:(.*)\r$`, 'm'));
  if (found === null) throw new Error(`INFO ${section} has no ${field}`);
  return found[1]!;
}

/** The same, where it is a number. */
export async function infoNumber(
  client: RespClient,
  section: string,
  field: string,
): Promise<number> {
  const text = await infoField(client, section, field);
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new Error(`${field} is ${text}, not a number`);
  return Number(text);
}

/** Waits until so many clients are connected, the one that asks included; throws if not in time. */
export async function untilClients(client: RespClient, count: number): Promise<void> {
  const deadline = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const now = await infoNumber(client, 'clients', 'connected_clients');
    if (now === count) return;
    if (Date.now() > deadline) throw new Error(`${now} clients instead of ${count}`);
    await sleep(10);
  }
}

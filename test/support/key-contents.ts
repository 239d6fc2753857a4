/**
 * What a key holds, as text by which two servers can be compared: type, encoding, expiry, and the
 * value as its commands show it, so that nothing is believed that DUMP or a digest says. Members
 * without an order are sorted, and scores are numbers, whatever digits a server writes.
 */
import { show } from './engine.ts';
import type { RespClient } from './resp-client.ts';
import type { Reply } from './resp-reply.ts';

/** What is compared of a key. */
export interface KeyContents {
  readonly type: string;
  readonly encoding: string;
  /** Milliseconds since 1970, -1 for never. */
  readonly expiry: string;
  readonly value: string;
}

/** What of a stream is compared beside entries, ids, groups and who has to acknowledge what. */
export interface StreamDetails {
  /** When consumers were seen. */
  readonly seenTimes: boolean;
  /** When entries were delivered. */
  readonly deliveryTimes: boolean;
  /** How many entries a group has read. */
  readonly entriesRead: boolean;
}

const REPLY_MS_MAX = 30_000;

const ALL_DETAILS: StreamDetails = {
  seenTimes: true,
  deliveryTimes: true,
  entriesRead: true,
};

/** What keys of the connection's database hold, in their order; type `none` if one is not there. */
export async function contentsOf(
  client: RespClient,
  keys: readonly string[],
  details: StreamDetails = ALL_DETAILS,
): Promise<KeyContents[]> {
  const heads = await callAll(
    client,
    keys.flatMap((key) => [
      ['TYPE', key],
      ['OBJECT', 'ENCODING', key],
      ['PEXPIRETIME', key],
    ]),
  );
  const types = keys.map((_, i) => show(heads[3 * i]!));
  const values = await callAll(
    client,
    keys.map((key, i) => readingOf(types[i]!, key)),
  );
  return types.map((type, i) => ({
    type,
    encoding: show(heads[3 * i + 1]!),
    expiry: show(heads[3 * i + 2]!).replace('(integer) ', ''),
    value: valueText(type, values[i]!, details),
  }));
}

/** The keys of the connection's database that match a pattern, sorted. */
export async function keysOf(client: RespClient, pattern = '*'): Promise<string[]> {
  return textsOf(await client.call('KEYS', pattern)).sort();
}

/** Sends commands one behind the other; their replies. */
async function callAll(client: RespClient, lines: readonly string[][]): Promise<Reply[]> {
  for (const line of lines) client.send(line);
  const replies: Reply[] = [];
  for (let left = lines.length; left > 0; left--) replies.push(await client.read(REPLY_MS_MAX));
  return replies;
}

/** The command that shows all of a value. */
function readingOf(type: string, key: string): string[] {
  switch (type) {
    case 'string':
      return ['GET', key];
    case 'list':
      return ['LRANGE', key, '0', '-1'];
    case 'set':
      return ['SMEMBERS', key];
    case 'hash':
      return ['HGETALL', key];
    case 'zset':
      return ['ZRANGE', key, '0', '-1', 'WITHSCORES'];
    case 'stream':
      return ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'];
    default:
      return ['EXISTS', key];
  }
}

function valueText(type: string, reply: Reply, details: StreamDetails): string {
  switch (type) {
    case 'list':
      return JSON.stringify(textsOf(reply));
    case 'set':
      return JSON.stringify(textsOf(reply).sort());
    case 'hash':
      return JSON.stringify(pairsOf(textsOf(reply)).sort());
    case 'zset':
      return JSON.stringify(
        pairsOf(textsOf(reply)).map(([name, score]) => [name, scoreOf(score!)]),
      );
    case 'stream':
      return streamText(reply, details);
    default:
      return show(reply);
  }
}

function streamText(reply: Reply, details: StreamDetails): string {
  const stream = fieldsOf(reply);
  const names = ['length', 'last-generated-id', 'max-deleted-entry-id', 'entries-added'];
  const lines = [...names, 'recorded-first-entry-id', 'entries'].map(
    (name) => `${name}: ${show(stream.get(name)!)}`,
  );
  const groups = itemsOf(stream.get('groups')!).map((group) => groupText(group, details));
  return [...lines, ...groups.sort()].join('\n');
}

function groupText(reply: Reply, details: StreamDetails): string {
  const group = fieldsOf(reply);
  const pending = itemsOf(group.get('pending')!).map((item) => {
    const [id, consumer, time, count] = itemsOf(item).map((part) => show(part));
    return [id, consumer, details.deliveryTimes ? time : '', count].join(' ');
  });
  const consumers = itemsOf(group.get('consumers')!).map((item) => {
    const consumer = fieldsOf(item);
    const seen = details.seenTimes ? show(consumer.get('seen-time')!) : '';
    return `  ${show(consumer.get('name')!)} ${seen} ${show(consumer.get('pel-count')!)}`;
  });
  const read = details.entriesRead ? show(group.get('entries-read')!) : '';
  const head = `${show(group.get('name')!)} ${show(group.get('last-delivered-id')!)} ${read}`;
  return [head, ...pending, ...consumers.sort()].join('\n');
}

function itemsOf(reply: Reply): readonly Reply[] {
  if (reply.type !== 'array') throw new Error(`${show(reply)} in place of an array`);
  return reply.items;
}

function fieldsOf(reply: Reply): Map<string, Reply> {
  const items = itemsOf(reply);
  const fields = new Map<string, Reply>();
  for (let i = 0; i < items.length; i += 2) fields.set(textOf(items[i]!), items[i + 1]!);
  return fields;
}

function textsOf(reply: Reply): string[] {
  return itemsOf(reply).map(textOf);
}

function textOf(reply: Reply): string {
  if (reply.type !== 'bulk') throw new Error(`${show(reply)} in place of a text`);
  return reply.bytes.toString('latin1');
}

function pairsOf(texts: readonly string[]): string[][] {
  const pairs: string[][] = [];
  for (let i = 0; i < texts.length; i += 2) pairs.push(texts.slice(i, i + 2));
  return pairs;
}

function scoreOf(text: string): string {
  return String(Number(text.replace('inf', 'Infinity')));
}

/**
 * Two clients of a crash test: one pushes numbers to a list, the other waits for them. After a
 * crash the list holds a row of numbers without a gap: what was pushed and not taken, no number
 * twice, none that was acknowledged missing, none back that was taken.
 */
import { ConnectionClosedError, RespClient } from '../support/resp-client.ts';

const KEY = 'queue';
const REPLY_MS_MAX = 30_000;
const IN_FLIGHT = 4;

/** See the file's comment. */
export class Queue {
  /** The last number that was sent, and when each was answered or taken, since the last check. */
  #sent = 0;
  #pushed: { readonly number: number; readonly atMs: number }[] = [];
  #taken: { readonly number: number; readonly atMs: number }[] = [];
  /** Where the row began and ended at the last check. */
  #takenBefore = 0;
  #pushedBefore = 0;

  async push(port: number): Promise<void> {
    await untilClosed(port, async (client) => {
      let answered = this.#sent;
      for (;;) {
        while (this.#sent - answered < IN_FLIGHT) client.send(['RPUSH', KEY, `${++this.#sent}`]);
        const reply = await client.read(REPLY_MS_MAX);
        if (reply.type !== 'integer') throw new Error(`RPUSH was answered with ${reply.type}`);
        this.#pushed.push({ number: ++answered, atMs: performance.now() });
      }
    });
  }

  async take(port: number): Promise<void> {
    await untilClosed(port, async (client) => {
      for (;;) {
        client.send(['BLPOP', KEY, '0']);
        const reply = await client.read(REPLY_MS_MAX);
        if (reply.type !== 'array' || reply.items[1]?.type !== 'bulk') throw new Error(reply.type);
        const number = Number(reply.items[1].bytes);
        this.#taken.push({ number, atMs: performance.now() });
      }
    });
  }

  /** What is wrong with what a server has; promised is what was answered before a moment. */
  async check(server: RespClient, promisedMs: number): Promise<string | null> {
    const reply = await server.call('LRANGE', KEY, '0', '-1');
    if (reply.type !== 'array') return `the queue is of type ${reply.type}`;
    const row = reply.items.map((item) => (item.type === 'bulk' ? Number(item.bytes) : Number.NaN));
    const least = (events: readonly { readonly number: number; readonly atMs: number }[]) =>
      events.findLast(({ atMs }) => atMs <= promisedMs)?.number ?? 0;
    const pushedMin = Math.max(this.#pushedBefore, least(this.#pushed));
    const takenMin = Math.max(this.#takenBefore, least(this.#taken));
    const sent = this.#sent;
    // An empty row ends where it begins, and that is anywhere between the two.
    const begin = row.length > 0 ? row[0]! - 1 : Math.max(pushedMin, takenMin);
    const end = begin + row.length;
    this.#sent = row.length > 0 ? end : sent;
    this.#pushedBefore = row.length > 0 ? end : pushedMin;
    this.#takenBefore = begin;
    this.#pushed = [];
    this.#taken = [];
    if (row.some((number, i) => number !== begin + 1 + i)) return `the queue is ${row.join(' ')}`;
    if (begin >= takenMin && end >= pushedMin && end <= sent) return null;
    const promised = `taken ${takenMin}, pushed ${pushedMin} of ${sent}`;
    return `the queue is of ${begin + 1} to ${end}; ${promised}`;
  }
}

async function untilClosed(
  port: number,
  work: (client: RespClient) => Promise<void>,
): Promise<void> {
  const client = await RespClient.connect(port);
  try {
    await work(client);
  } catch (problem) {
    if (!(problem instanceof ConnectionClosedError)) throw problem;
  } finally {
    client.close();
  }
}

/**
 * A client of a crash test: what it did, what was answered, and what a server may hold after it was
 * killed. That is told by doing the same steps again on another engine, one by one, until the keys
 * of both are the same: it must be after a step that is no earlier than the last that was promised.
 */
import { show } from '../support/engine.ts';
import { contentsOf, keysOf } from '../support/key-contents.ts';
import { ConnectionClosedError, RespClient } from '../support/resp-client.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { type Step, StepSource } from './steps.ts';

const REPLY_MS_MAX = 30_000;
/** Commands may be refused for what keys hold, but not for the state of the server. */
const UNEXPECTED = /^(MISCONF|LOADING|OOM|NOPERM|EXECABORT|ERR (unknown|syntax|wrong number))/;
/** Two servers deliver entries at different times. */
const DETAILS = { seenTimes: false, deliveryTimes: false, entriesRead: true };

/** How a check went. */
export interface Verdict {
  /** What is wrong, null when nothing is. */
  readonly problem: string | null;
  /** Steps that were sent, and of those the ones that were answered, and that are there. */
  readonly sent: number;
  readonly answered: number;
  readonly kept: number;
  /** How long before the end the first answered step came that is lost, 0 if none is. */
  readonly lostMs: number;
}

/** See the file's comment. */
export class Worker {
  readonly name: string;
  readonly #random: SeededRandom;
  readonly #source: StepSource;
  /** What was sent since the last check. */
  #steps: Step[] = [];
  /** What the last transaction that was sent, and the last that was seen, has counted up to. */
  #count = 0;
  #countSeen = 0;

  constructor(name: string, seed: number) {
    this.name = name;
    this.#random = new SeededRandom(seed);
    this.#source = new StepSource(name, this.#random);
  }

  /** Works, with several steps on their way, until the connection ends. */
  async work(port: number): Promise<void> {
    const inFlightMax = this.#random.pick([1, 1, 3, 8]);
    const client = await RespClient.connect(port);
    const inFlight: Step[] = [];
    try {
      for (;;) {
        while (inFlight.length < inFlightMax) inFlight.push(this.#send(client));
        const step = inFlight.shift()!;
        for (let left = step.lines.length; left > 0; left--) {
          const reply = await client.read(REPLY_MS_MAX);
          if (reply.type === 'error' && UNEXPECTED.test(reply.text)) throw new Error(reply.text);
        }
        step.answeredMs = performance.now();
      }
    } catch (problem) {
      if (!(problem instanceof ConnectionClosedError)) throw problem;
    } finally {
      client.close();
    }
  }

  #send(client: RespClient): Step {
    const step = this.#source.next(this.#count + 1);
    if (step.count > 0) this.#count = step.count;
    this.#steps.push(step);
    for (const line of step.lines) client.send(line);
    return step;
  }

  /**
   * Compares what a server has with what it may have: at the least what was answered before
   * `promisedMs`; `killedMs` is when the server was killed. Afterwards `reference` holds what the
   * server does.
   */
  async check(
    server: RespClient,
    reference: RespClient,
    promisedMs: number,
    killedMs: number,
  ): Promise<Verdict> {
    const steps = this.#steps;
    const found = await this.#contents(server);
    const least = steps.findLastIndex(({ answeredMs }) => answeredMs <= promisedMs);
    const { first, last } = await this.#candidates(server);
    let problem: string | null = first < -1 ? 'a count that never was' : null;
    let at = -1;
    while (at < first) await this.#repeat(reference, steps[++at]!);
    while (problem === null) {
      const difference = differenceOf(await this.#contents(reference, `${this.name}:short`), found);
      if (difference === null && at >= least) break;
      if (difference === null && at < least && at === last) problem = 'steps are lost';
      else if (at === last) problem = `a state that never was: ${difference}`;
      else await this.#repeat(reference, steps[++at]!);
    }
    const lost = steps.slice(at + 1).filter(({ answeredMs }) => answeredMs < killedMs);
    const extent = `${at + 1}, at least ${least + 1} of ${steps.length}`;
    const verdict: Verdict = {
      problem: problem === null ? null : `${this.name}: ${problem} (${extent})`,
      sent: steps.length,
      answered: steps.filter(({ answeredMs }) => answeredMs < Number.POSITIVE_INFINITY).length,
      kept: at + 1,
      lostMs: lost.length === 0 ? 0 : killedMs - lost[0]!.answeredMs,
    };
    this.#steps = [];
    this.#count = this.#countSeen;
    return verdict;
  }

  /** After which steps the server may have stopped, as far as its count tells; -1 is before all. */
  async #candidates(server: RespClient): Promise<{ first: number; last: number }> {
    const reply = await server.call('GET', `${this.name}:count`);
    const count = reply.type === 'bulk' ? Number(reply.bytes) : 0;
    const isSame = count === this.#countSeen;
    const first = isSame ? -1 : this.#steps.findIndex((step) => step.count === count);
    if (first < 0 && !isSame) return { first: -2, last: -2 };
    const next = this.#steps.findIndex((step) => step.count === count + 1);
    this.#countSeen = count;
    return { first, last: next < 0 ? this.#steps.length - 1 : next - 1 };
  }

  async #repeat(reference: RespClient, { lines }: Step): Promise<void> {
    for (const line of lines) reference.send(line);
    for (let left = lines.length; left > 0; left--) await reference.read(REPLY_MS_MAX);
  }

  /** Key by key what there is of this client, but for one that is about to go. */
  async #contents(client: RespClient, livesShort = ''): Promise<Map<string, string>> {
    const contents = new Map<string, string>();
    for (const database of ['1', '0']) {
      await client.call('SELECT', database);
      // The reference has just done what gives a key a moment to live.
      const keys = (await keysOf(client, `${this.name}:*`)).filter((key) => key !== livesShort);
      const all = await contentsOf(client, keys, DETAILS);
      for (const [i, { type, expiry, value }] of all.entries()) {
        contents.set(`${database} ${keys[i]}`, `${type} ${expiry} ${value}`);
      }
    }
    const library = ['FUNCTION', 'LIST', 'LIBRARYNAME', this.name, 'WITHCODE'];
    contents.set('library', show(await client.call(...library)));
    return contents;
  }
}

/** The first key in which two servers differ; null when they do not. */
function differenceOf(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string | null {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    if (expected.get(key) === found.get(key)) continue;
    return `${key} holds ${short(found.get(key))} in place of ${short(expected.get(key))}`;
  }
  return null;
}

function short(text = 'nothing'): string {
  return text.length > 200 ? `${text.slice(0, 100)} ... ${text.slice(-100)}` : text;
}

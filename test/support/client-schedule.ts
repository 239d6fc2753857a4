import {
  ADMINISTRATION,
  CHANGES,
  FAMILIES,
  type Family,
  NAMES,
  READS,
  SCRIPTS,
  TIMED,
} from './client-commands.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Random schedules of what several clients send; their commands are in client-commands.ts. */

/** What one client sends at once, and how long everybody waits behind it. */
export interface Turn {
  /** The number of the client, or ADMINISTRATOR. */
  readonly who: number;
  readonly commands: readonly (readonly string[])[];
  readonly elapseMs: number;
}

/** A round: how clients begin, and who sends what in which order. */
export interface Schedule {
  readonly clients: number;
  /** What `notify-keyspace-events` is during the round. */
  readonly notify: string;
  readonly turns: readonly Turn[];
}

/** Sends on a connection of its own, which nobody ends and nothing blocks. */
export const ADMINISTRATOR = -1;

/** Stands in a command for the id of a client; see `withIds`. */
const ID = /^<id (\d+)>$/;

const CLIENTS_MIN = 4;
const CLIENTS_MAX = 7;
const TURNS_MIN = 30;
const TURNS_MAX = 160;
const PIPELINE_MAX = 6;
const TIMED_SHARE = 0.02;
const TIMED_ELAPSE_MS = 20;
const ADMINISTRATION_SHARE = 0.08;

/** What decides which commands a round can have. */
type Round = {
  readonly swaps: boolean;
  readonly pauses: boolean;
  readonly tracking: boolean;
  readonly transactions: boolean;
  readonly replies: boolean;
  /** Whether clients may leave; if not, they may be told by those who broadcast. */
  readonly leaving: boolean;
  readonly notify: string;
};

/**
 * What Redis 7.0 does in the order of one of its hash tables, twice, or not as 7.2, is left out of
 * rounds where it would show; see docs/differences.md.
 */
function isComparable(template: string, about: Round): boolean {
  // SWAPDB makes several keys ready at once, or lets groups of streams be gone: then nobody waits
  // for two, and nobody moves elements; and nobody for streams.
  if (about.swaps && template.includes('BLOCK 0')) return false;
  if (about.swaps && /^(BL|BR|BZ).* \$\w .*\$|^BLPOP \$k/.test(template)) return false;
  // A consumer is created, which is told, when it reads something, in 7.2 when it wants to.
  if (about.notify !== '' && template.startsWith('XREADGROUP')) return false;
  // XREAD tells of a missing key twice.
  if (about.notify.includes('m') && template.startsWith('XREAD')) return false;
  // Of two who broadcast to the same client, the one told first is whose memory lies in front.
  if (about.leaving && template.startsWith('CLIENT TRACKING ON BCAST REDIRECT')) return false;
  if (about.tracking && !about.leaving && /^(?:QUIT|CLIENT KILL)/.test(template)) return false;
  // Who ends himself within an EXEC hears nothing of what comes behind that.
  if (about.transactions && template.endsWith('SKIPME no')) return false;
  // Within an EXEC what is left is not put in order.
  if (about.transactions && /^.?UNSUBSCRIBE$/.test(template)) return false;
  // Who has waited is served without a command in 7.0, which tracks nothing and, behind a SWAPDB,
  // tells nobody.
  if (about.tracking && template.includes('BLOCK 0')) return false;
  if (about.tracking && about.swaps && /^B[LRZ]/.test(template)) return false;
  // What has expired is told before the first of the keys is set, in Redis as it is come to.
  if (about.notify !== '' && template.startsWith('MSET')) return false;
  // 7.0 tracks all keys of a script that reads any, 7.2 those that it reads.
  if (about.tracking && /^EVAL\w* \$\w+ 2/.test(template)) return false;
  // Who skips a reply does not see the line of his own command either; who wants none and quits is
  // never disconnected, as who ends himself is not; and EXEC has not as many elements as it says.
  if (about.replies && /^(?:MONITOR|QUIT|MULTI|CLIENT KILL)/.test(template)) return false;
  // 7.0 unblocks who is only held back by a pause.
  if (about.pauses && template.startsWith('CLIENT UNBLOCK')) return false;
  return true;
}

/** The schedule of a round. */
export function randomSchedule(random: SeededRandom): Schedule {
  const names = Object.keys(FAMILIES).filter(() => random.fraction() < 0.6);
  const notify = names.includes('notifications')
    ? random.pick(['KEA', 'KEA', 'KA', 'Eg$lzx', 'KEAm', 'KEAn', 'Kgx'])
    : '';
  const about = {
    swaps: names.includes('swaps'),
    pauses: names.includes('pauses'),
    tracking: names.includes('tracking'),
    transactions: names.includes('transactions'),
    replies: names.includes('replies'),
    leaving: random.fraction() < 0.5,
    notify,
  };
  const chosen = [CHANGES, READS, ...names.map((name) => FAMILIES[name]!)];
  const families = chosen
    .map((family) => ({
      ...family,
      commands: family.commands.filter((template) => isComparable(template, about)),
    }))
    .filter(({ commands }) => commands.length > 0);
  const administration = ADMINISTRATION.filter((template) => isComparable(template, about));
  // What a pause holds back runs when it ends.
  const timed = about.pauses ? [] : TIMED.filter((template) => isComparable(template, about));
  const clients = random.integer(CLIENTS_MIN, CLIENTS_MAX);
  const filler = new Filler(random, clients);
  const turns: Turn[] = Array.from({ length: clients }, (_, who) => ({
    who,
    commands: [['HELLO', random.pick(['2', '3'])]],
    elapseMs: 0,
  }));
  for (let left = random.integer(TURNS_MIN, TURNS_MAX); left > 0; left--) {
    turns.push(randomTurn(random, families, administration, timed, filler, clients));
  }
  return { clients: clients + 1, notify, turns };
}

function randomTurn(
  random: SeededRandom,
  families: readonly Family[],
  administration: readonly string[],
  timed: readonly string[],
  filler: Filler,
  clients: number,
): Turn {
  if (timed.length > 0 && random.fraction() < TIMED_SHARE) {
    const commands = [filler.fill(random.pick(timed))];
    return { who: clients, commands, elapseMs: TIMED_ELAPSE_MS };
  }
  if (random.fraction() < ADMINISTRATION_SHARE) {
    const commands = [filler.fill(random.pick(administration))];
    return { who: ADMINISTRATOR, commands, elapseMs: 0 };
  }
  const length = random.fraction() < 0.5 ? 1 : random.integer(2, PIPELINE_MAX);
  const chosen = Array.from({ length }, () => weighted(random, families));
  const commands = chosen.map((family) => filler.fill(random.pick(family.commands)));
  // MULTI ... EXEC at once, more often than by chance.
  const isWhole = length > 2 && families.some(isTransactions) && random.fraction() < 0.3;
  return {
    who: random.integer(0, clients - 1),
    commands: isWhole ? [['MULTI'], ...commands, ['EXEC']] : commands,
    elapseMs: 0,
  };
}

function isTransactions({ commands }: Family): boolean {
  return commands.includes('MULTI');
}

function weighted(random: SeededRandom, families: readonly Family[]): Family {
  let left = random.fraction() * families.reduce((sum, { weight }) => sum + weight, 0);
  for (const family of families) {
    left -= family.weight;
    if (left < 0) return family;
  }
  return families[0]!;
}

/** Makes commands of templates; values and ids of stream entries count up. */
class Filler {
  readonly #random: SeededRandom;
  readonly #clients: number;
  #values = 0;

  constructor(random: SeededRandom, clients: number) {
    this.#random = random;
    this.#clients = clients;
  }

  fill(template: string): string[] {
    return template.split(' ').map((word) => {
      const choice = this.#random.pick(word.split('|'));
      return SCRIPTS[choice] ?? choice.replace(/\$(.)/, (_, letter) => this.#named(letter));
    });
  }

  #named(letter: string): string {
    const random = this.#random;
    switch (letter) {
      case '$':
        return '$';
      case 'v':
        return `v${++this.#values}`;
      case 'x':
        return `${++this.#values}-1`;
      case 'd':
        return String(random.integer(0, 9));
      case 'i':
        return `<id ${random.integer(0, this.#clients - 1)}>`;
      default:
        return random.pick(NAMES[`$${letter}`]!);
    }
  }
}

/** A command with the ids of the clients it names. */
export function withIds(command: readonly string[], idOf: (client: number) => string): string[] {
  return command.map((word) => {
    const client = ID.exec(word)?.[1];
    return client === undefined ? word : idOf(Number(client));
  });
}

/** How a turn is shown to who has to find out what went wrong. */
export function describeTurn({ who, commands, elapseMs }: Turn): string {
  const shown = commands.map((command) => command.map((word) => shownWord(word)).join(' '));
  const name = who === ADMINISTRATOR ? 'admin' : String(who);
  return `${name}> ${shown.join(' ; ')}${elapseMs > 0 ? `  (then ${elapseMs} ms)` : ''}`;
}

function shownWord(word: string): string {
  return Object.entries(SCRIPTS).find(([, text]) => text === word)?.[0] ?? word;
}

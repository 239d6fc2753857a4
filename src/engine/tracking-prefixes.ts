/**
 * Prefixes whose keys are broadcast: who has asked for them, and which of their keys have changed
 * in this turn of the event loop. At the end of the turn each client is told of all of them at
 * once, in the order of their names.
 */
import type { Args } from '../protocol/args.ts';

/** More than this is told before the turn is over. */
const GATHERED_BYTES_MAX = 1024 * 1024;
/** What a gathered key costs beside its name. */
const KEY_BYTES = 100;

/** One prefix, with the clients that have asked for it. */
export class Prefix<Client> {
  readonly bytes: Buffer;
  readonly clients: Set<Client> = new Set();
  /** The keys that have changed, as Latin-1, and who has changed them last. */
  readonly #changed = new Map<string, Client | null>();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  changed(name: string, by: Client | null): void {
    this.#changed.set(name, by);
  }

  /** The keys that have changed, in order; those left out that only `except` has changed. */
  keys(except: Client | null): Buffer[] {
    const names: string[] = [];
    for (const [name, by] of this.#changed) if (except === null || by !== except) names.push(name);
    // Code units of Latin-1 are in the order of the bytes.
    return names.sort(byCodeUnit).map((name) => Buffer.from(name, 'latin1'));
  }

  forget(): void {
    this.#changed.clear();
  }
}

/** See the file's comment. */
export class Prefixes<Client> {
  /** In the order of their bytes. */
  readonly #all: Prefix<Client>[] = [];
  #gatheredBytes = 0;

  get count(): number {
    return this.#all.length;
  }

  /** Whether so much is gathered that it should be told now. */
  get isFull(): boolean {
    return this.#gatheredBytes > GATHERED_BYTES_MAX;
  }

  /** Adds a client to a prefix. */
  add(bytes: Buffer, client: Client): Prefix<Client> {
    let at = this.#all.findIndex((each) => Buffer.compare(each.bytes, bytes) >= 0);
    if (at < 0) at = this.#all.length;
    let prefix = this.#all[at];
    if (prefix === undefined || !prefix.bytes.equals(bytes)) {
      prefix = new Prefix(bytes);
      this.#all.splice(at, 0, prefix);
    }
    prefix.clients.add(client);
    return prefix;
  }

  remove(prefix: Prefix<Client>, client: Client): void {
    prefix.clients.delete(client);
    if (prefix.clients.size === 0) this.#all.splice(this.#all.indexOf(prefix), 1);
  }

  /** Gathers a key that a client has changed; whether it has any of the prefixes. */
  changed(args: Args, key: number, by: Client | null): boolean {
    const start = args.start(key);
    const end = start + args.length(key);
    let name: string | undefined;
    for (const prefix of this.#all) {
      const { length } = prefix.bytes;
      if (length > end - start) continue;
      if (length > 0 && prefix.bytes.compare(args.bytes, start, start + length) !== 0) continue;
      name ??= args.bytes.toString('latin1', start, end);
      prefix.changed(name, by);
      this.#gatheredBytes += name.length + KEY_BYTES;
    }
    return name !== undefined;
  }

  /** Calls back with each prefix some of whose keys have changed, and forgets those. */
  tell(visit: (prefix: Prefix<Client>) => void): void {
    this.#gatheredBytes = 0;
    for (const prefix of [...this.#all]) {
      if (!prefix.hasChanged) continue;
      visit(prefix);
      prefix.forget();
    }
  }
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * MONITOR: sends every command that runs to the clients that watch.
 *
 * Lines are gathered while one connection's commands run and sent together when they are done: a
 * pipeline costs one write per watching client, not one per command. What a watching client runs
 * itself is sent at once, because its reply goes before the line and the next reply behind it.
 */
import type { RegisteredCommand } from '../commands/registry.ts';
import { type ClientState, REPLY_OFF, REPLY_SKIP } from '../commands/services/clients.ts';
import type { Monitors as MonitorsService } from '../commands/services/observation.ts';
import type { WallClock } from '../commands/services/wall-clock.ts';
import type { Args } from '../protocol/args.ts';
import { quotedLength, writeQuoted } from '../protocol/quoting.ts';
import type { Executor } from './execute.ts';
import type { Limits } from './limits.ts';
import type { CommandFeed } from './listeners.ts';
import type { Log } from './log.ts';
import { REDACTED, secretsOf } from './secrets.ts';
import { type Session, sessionOf } from './session.ts';

/** Lines are sent before they are more than this, even while the connection still runs. */
const GATHERED_BYTES_MAX = 64 * 1024;

const MICROSECONDS_PER_SECOND = 1_000_000;
const CR_LF = Buffer.from('\r\n');
const SPACE = 0x20;

/** See the file's comment. */
export class Monitors implements MonitorsService, CommandFeed {
  readonly #executor: Executor;
  readonly #wallClock: WallClock;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #watchers = new Set<ClientState>();

  #lines: Buffer[] = [];
  #gatheredBytes = 0;

  constructor(executor: Executor, wallClock: WallClock, limits: Limits, log: Log) {
    this.#executor = executor;
    this.#wallClock = wallClock;
    this.#limits = limits;
    this.#log = log;
  }

  add(client: ClientState): void {
    this.#send();
    client.monitoring = true;
    this.#watchers.add(client);
    this.#executor.feed = this;
  }

  remove(client: ClientState): void {
    this.#send();
    client.monitoring = false;
    this.#watchers.delete(client);
    if (this.#watchers.size === 0) this.#executor.feed = null;
  }

  command(session: Session, command: RegisteredCommand, args: Args): void {
    this.#show(session, args, secretsOf(session, command, args));
  }

  show(client: ClientState, args: Args): void {
    if (this.#watchers.size > 0) this.#show(sessionOf(client), args, []);
  }

  #show(session: Session, args: Args, secrets: readonly number[]): void {
    const line = this.#lineOf(session, args, secrets);
    if (line === undefined) {
      for (const watcher of [...this.#watchers]) this.#disconnect(watcher);
      return;
    }
    this.#lines.push(line);
    this.#gatheredBytes += line.length;
    if (this.#watchers.has(session) || this.#gatheredBytes > GATHERED_BYTES_MAX)
      this.#send(session);
    else if (this.#lines.length === 1) queueMicrotask(() => this.#send());
  }

  /** Sends what was gathered; `caller` is whose command has just run, if one has. */
  #send(caller: Session | null = null): void {
    if (this.#lines.length === 0) return;
    const bytes = Buffer.concat(this.#lines);
    this.#lines = [];
    this.#gatheredBytes = 0;
    for (const watcher of [...this.#watchers]) {
      if (watcher.closing || watcher.replies === REPLY_OFF) continue;
      // What is skipped begins behind the command that asks for it.
      if (watcher.replies === REPLY_SKIP && watcher !== caller) continue;
      watcher.transport.push(bytes);
      if (watcher.transport.outputBytes() > this.#limits.monitorBytesMax) this.#disconnect(watcher);
    }
  }

  #disconnect(watcher: ClientState): void {
    this.#log.warning('Closing a client that does not keep up with MONITOR', {
      client: watcher.transport.address,
    });
    this.#watchers.delete(watcher);
    watcher.transport.destroy();
  }

  /**
   * `+seconds.microseconds [database address] "argument" ...`; undefined when it is more than any
   * watcher may hold.
   */
  #lineOf(session: Session, args: Args, secrets: readonly number[]): Buffer | undefined {
    const words: Buffer[] = [];
    const head = Buffer.from(`+${this.#time()} [${session.databaseId} ${originOf(session)}]`);
    let length = head.length + CR_LF.length;
    for (let i = 0; i < args.count; i++) {
      const start = args.start(i);
      const word = secrets.includes(i)
        ? REDACTED
        : args.bytes.subarray(start, start + args.length(i));
      length += 1 + quotedLength(word);
      if (length > this.#limits.monitorBytesMax) return undefined;
      words.push(word);
    }
    const line = Buffer.allocUnsafe(length);
    let at = head.copy(line);
    for (const word of words) {
      line[at++] = SPACE;
      at = writeQuoted(line, at, word);
    }
    CR_LF.copy(line, at);
    return line;
  }

  #time(): string {
    const microseconds = this.#wallClock.microseconds();
    const seconds = Math.floor(microseconds / MICROSECONDS_PER_SECOND);
    const fraction = String(microseconds % MICROSECONDS_PER_SECOND).padStart(6, '0');
    return `${seconds}.${fraction}`;
  }
}

/** Where a command came from, as a line of MONITOR says it. */
function originOf({ transport, inScript }: Session): string {
  if (inScript) return 'lua';
  const { kind, address } = transport;
  return kind === 'unix' ? `unix:${address.replace(/:0$/, '')}` : address;
}

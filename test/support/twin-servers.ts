import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { FUNCTIONS, KEYS } from './client-commands.ts';
import { ADMINISTRATOR, type Schedule, type Turn, withIds } from './client-schedule.ts';
import { comparable } from './client-stream.ts';
import { encodeCommand } from './resp-client.ts';
import { type RunningServer, startRedis, startRedstart } from './server.ts';

/**
 * Redstart and a redis-server that are sent the same from the same clients. A turn is over when
 * both have answered two probes of another connection: by the first all of it has been read, by the
 * second everybody has been woken and written to.
 */

/** Where two servers told a client different things. */
export interface Difference {
  readonly turn: number;
  readonly who: number;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** Thrown when redis-server has ended by itself, which says nothing about Redstart. */
export class OracleGoneError extends Error {}

const FLAGS = ['--enable-debug-command', 'yes'];
/** A server that has not answered for so long does not answer any more. */
const ANSWER_MS_MAX = 10_000;
/** What has not come to both in time is waited for so often, and so long each time. */
const PATIENCE = [1, 5, 25, 100];
/** Answered by whoever is done with what came before, and not shown to those who monitor. */
const PROBE = encodeCommand(['SLOWLOG', 'RESET']);
const PROBED = '+OK\r\n';
/** In place of the one client whose commands run in a turn. */
const ANYBODY = -2;
/** Commands behind which others of the same client may have to wait. */
const HOLDING = /^(?:B[LRZ]|XREAD|WAIT)/;

/** One connection to one server. */
class Wire {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #wake: () => void = () => undefined;
  closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#wake();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  static open(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Wire(socket));
      });
    });
  }

  send(bytes: Buffer): void {
    if (!this.closed) this.#socket.write(bytes);
  }

  /** What has come since the last time; `keep` puts back what it is not yet time for. */
  take(): Buffer {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [];
    return bytes;
  }

  keep(bytes: Buffer): void {
    if (bytes.length > 0) this.#chunks.unshift(bytes);
  }

  /** Waits for so many replies of one line each; throws when the server does not answer. */
  async lines(count: number): Promise<string> {
    const deadline = Date.now() + ANSWER_MS_MAX;
    for (let text = ''; ; ) {
      text += this.take().toString('latin1');
      if (text.split('\r\n').length > count) return text;
      const left = deadline - Date.now();
      if (this.closed || left <= 0) {
        const { remotePort } = this.#socket;
        throw new Error(`no answer from port ${remotePort}, but ${JSON.stringify(text)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** The same client of both servers, under the same id. */
class Twin {
  readonly ours: Wire;
  readonly theirs: Wire;
  readonly id: string;
  /** Whether it may wait for something, or has. */
  mayBeHeld = false;
  /** Whether commands of it may run in turns of others. */
  runsLater = false;

  constructor(ours: Wire, theirs: Wire, id: string) {
    this.ours = ours;
    this.theirs = theirs;
    this.id = id;
  }

  send(bytes: Buffer): void {
    this.ours.send(bytes);
    this.theirs.send(bytes);
  }

  sendCommands(commands: readonly (readonly string[])[]): void {
    for (const [name] of commands) {
      if (this.mayBeHeld) this.runsLater = true;
      if (HOLDING.test(name!)) this.mayBeHeld = true;
    }
    this.send(Buffer.concat(commands.map(encodeCommand)));
  }

  end(): void {
    this.ours.end();
    this.theirs.end();
  }
}

/** Both servers; see the top of the file. */
export class TwinServers {
  readonly #servers: { readonly ours: RunningServer; readonly theirs: RunningServer };
  readonly #admin: Twin;
  /** Tracks without reading anything: what is tracked is then not forgotten as that of the last. */
  readonly #keeper: Twin;
  #commands = 0;

  private constructor(ours: RunningServer, theirs: RunningServer, admin: Twin, keeper: Twin) {
    this.#servers = { ours, theirs };
    this.#admin = admin;
    this.#keeper = keeper;
  }

  static async start(): Promise<TwinServers> {
    const [ours, theirs] = await Promise.all([startRedstart(FLAGS), startRedis(FLAGS)]);
    const servers = { ours, theirs };
    const admin = await openTwin(servers);
    const twins = new TwinServers(ours, theirs, admin, await openTwin(servers));
    twins.#keeper.send(encodeCommand(['HELLO', '3']));
    twins.#keeper.send(encodeCommand(['CLIENT', 'TRACKING', 'ON', 'OPTIN']));
    await twins.#administer(['DEBUG', 'SET-ACTIVE-EXPIRE', '0'], ['FUNCTION', 'LOAD', FUNCTIONS]);
    return twins;
  }

  /** How many commands clients have sent. */
  get commands(): number {
    return this.#commands;
  }

  /** Runs a schedule from an empty state; the first difference, null when there is none. */
  async run({ clients, notify, turns }: Schedule): Promise<Difference | null> {
    // The clients of the last round are gone before what held them back is.
    await this.#settle();
    await this.#administer(
      ['CLIENT', 'UNPAUSE'],
      ['CONFIG', 'SET', 'notify-keyspace-events', notify],
      ['FLUSHALL'],
    );
    const twins = [];
    for (let i = 0; i < clients; i++) twins.push(await openTwin(this.#servers));
    const pauses = turns.some(({ commands }) => commands.some(([, what]) => what === 'PAUSE'));
    try {
      for (const [at, turn] of turns.entries()) {
        const difference =
          (await this.#take(at, turn, twins)) ??
          (await this.#difference(at, twins, pauses ? ANYBODY : turn.who, notify));
        if (difference !== null) return difference;
        await this.#replaceClosed(twins);
      }
      return await this.#compareKeys(turns.length);
    } catch (problem) {
      if (this.#servers.theirs.process.exitCode === null && !this.#admin.theirs.closed) {
        throw problem;
      }
      throw new OracleGoneError('redis-server has ended by itself', { cause: problem });
    } finally {
      for (const twin of twins) twin.end();
    }
  }

  async stop(): Promise<void> {
    this.#admin.end();
    this.#keeper.end();
    await Promise.all([this.#servers.ours.stop(), this.#servers.theirs.stop()]);
  }

  /** What Redstart has logged. */
  get log(): string {
    return this.#servers.ours.output();
  }

  /** Has a turn happen; a difference where the administrator is answered differently. */
  async #take(
    at: number,
    { who, commands, elapseMs }: Turn,
    twins: readonly Twin[],
  ): Promise<Difference | null> {
    const filled = commands.map((command) => withIds(command, (i) => twins[i]!.id));
    this.#commands += commands.length;
    let answers = { ours: '', theirs: '' };
    if (who === ADMINISTRATOR) answers = await this.#answersTo(filled);
    else twins[who]!.sendCommands(filled);
    if (elapseMs > 0) await pause(elapseMs);
    await this.#settle();
    const { ours, theirs } = answers;
    return ours === theirs ? null : { turn: at, who, ours: [ours], theirs: [theirs] };
  }

  /** Waits until both have done all that was sent before, and what it led to. */
  async #settle(): Promise<void> {
    const { ours, theirs } = this.#admin;
    for (let round = 0; round < 2; round++) {
      this.#admin.send(PROBE);
      const answers = await Promise.all([ours.lines(1), theirs.lines(1)]);
      if (answers.some((answer) => answer !== PROBED)) throw new Error(`the probe: ${answers}`);
    }
    // What the system has for the other connections comes with the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    this.#keeper.ours.take();
    this.#keeper.theirs.take();
  }

  async #difference(
    turn: number,
    twins: readonly Twin[],
    sender: number,
    notify = '',
  ): Promise<Difference | null> {
    for (const [who, { ours, theirs, runsLater, mayBeHeld }] of twins.entries()) {
      // Events of what it is served come before the reply to who waits for it and listens to them.
      const runsNow = who === sender || sender === ANYBODY;
      const isSender = runsNow || runsLater || (notify !== '' && mayBeHeld);
      for (let waits = 0; ; waits++) {
        const mine = ours.take();
        const their = theirs.take();
        const isClosedAlike = ours.closed === theirs.closed;
        if (isClosedAlike && mine.equals(their)) break;
        const told = { ours: comparable(mine, isSender), theirs: comparable(their, isSender) };
        // Who is ended within the turn of the event loop in which it was answered may not hear it.
        const heard = ours.closed ? told.ours.slice(0, told.theirs.length) : told.ours;
        if (isClosedAlike && heard.join('\n') === told.theirs.join('\n')) break;
        if (waits === PATIENCE.length) {
          if (ours.closed) told.ours.push('closed');
          if (theirs.closed) told.theirs.push('closed');
          return { turn, who, ...told };
        }
        ours.keep(mine);
        theirs.keep(their);
        await pause(PATIENCE[waits]!);
        await this.#settle();
      }
    }
    return null;
  }

  async #replaceClosed(twins: Twin[]): Promise<void> {
    for (const [i, { ours, theirs }] of twins.entries()) {
      if (ours.closed && theirs.closed) twins[i] = await openTwin(this.#servers);
    }
  }

  /** Compares what all keys hold in the end. */
  async #compareKeys(turn: number): Promise<Difference | null> {
    const reader = await openTwin(this.#servers);
    for (const db of ['0', '1', '2']) {
      const commands = KEYS.flatMap((key) => [
        ['TYPE', key],
        ['GET', key],
        ['LRANGE', key, '0', '-1'],
        ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
        ['SMEMBERS', key],
        ['HGETALL', key],
        ['XRANGE', key, '-', '+'],
      ]);
      reader.sendCommands([['SELECT', db], ...commands]);
    }
    await this.#settle();
    const difference = await this.#difference(turn, [reader], 0);
    reader.end();
    return difference;
  }

  /** Sends commands that both must answer alike. */
  async #administer(...commands: string[][]): Promise<void> {
    const { ours, theirs } = await this.#answersTo(commands);
    if (ours !== theirs) throw new Error(`${commands.join('; ')}: ours ${ours}, theirs ${theirs}`);
  }

  /** Sends commands that are answered with one line each. */
  async #answersTo(commands: readonly string[][]): Promise<{ ours: string; theirs: string }> {
    const { ours, theirs } = this.#admin;
    this.#admin.sendCommands(commands);
    const count = commands.length;
    const [mine, their] = await Promise.all([ours.lines(count), theirs.lines(count)]);
    return { ours: mine, theirs: their };
  }
}

/** Connects to both, so often to the one that counts lower that the ids become equal. */
async function openTwin(servers: { ours: RunningServer; theirs: RunningServer }): Promise<Twin> {
  let [ours, theirs] = await Promise.all([openWire(servers.ours), openWire(servers.theirs)]);
  while (ours.id !== theirs.id) {
    const behind = ours.id < theirs.id ? ours : theirs;
    behind.wire.end();
    if (behind === ours) ours = await openWire(servers.ours);
    else theirs = await openWire(servers.theirs);
  }
  return new Twin(ours.wire, theirs.wire, String(ours.id));
}

async function openWire({ port }: RunningServer): Promise<{ wire: Wire; id: number }> {
  const wire = await Wire.open(port);
  wire.send(encodeCommand(['CLIENT', 'ID']));
  const id = Number((await wire.lines(1)).slice(1));
  if (!Number.isInteger(id)) throw new Error('CLIENT ID did not answer with a number');
  return { wire, id };
}

/**
 * Redstart inside of a process: commands are called as functions and answer at once, with
 * JavaScript values, through the same executor as those that come over the network. Several engines
 * can be open in one process; each may listen as well, and is then a server for everyone else while
 * its own process goes on calling it.
 */
import { CommandError } from './commands/errors.ts';
import { requireOneReply } from './commands/one-reply.ts';
import type { Transport } from './commands/services/clients.ts';
import {
  type ChannelNames,
  type MessageListener,
  openSubscription,
  type Subscription,
} from './embedded-subscription.ts';
import { callWaiting } from './embedded-wait.ts';
import { Config } from './engine/config.ts';
import { ConfigRejection, splitValue } from './engine/config-directive.ts';
import { ConfigurationError } from './engine/config-error.ts';
import { Settings } from './engine/config-settings.ts';
import { type DirectiveName, directiveOf, findDirective } from './engine/config-table.ts';
import type { Engine } from './engine/engine.ts';
import type { Log } from './engine/log.ts';
import type { Session } from './engine/session.ts';
import { Args } from './protocol/args.ts';
import { type Leaves, ReplyError, type ReplyValue, ValueWriter } from './protocol/value-writer.ts';
import { Redstart } from './redstart.ts';

/** A word of a command: text stands for its UTF-8 bytes, a number for its decimal digits. */
export type CommandArgument = string | number | bigint | Uint8Array;

/**
 * Words of a command; a list stands for those in it, since a call cannot have very many arguments.
 */
export type CommandArguments = readonly (CommandArgument | readonly CommandArgument[])[];

/** What `call` answers: see the table in docs/embedded.md. */
export type Value = ReplyValue<string>;

/** What `callBuffer` answers: strings are Buffers, statuses are text. */
export type BufferValue = ReplyValue<string | Buffer>;

/**
 * The value of a directive as in redis.conf; a list stands for several words, a boolean for yes or
 * no.
 */
export type DirectiveValue = string | number | boolean | readonly (string | number)[];

/** Directives of redis.conf by name. */
export type Directives = { readonly [Name in DirectiveName]?: DirectiveValue };

/** What can be given to `openRedstart` beside directives. */
export interface OpenOptions {
  /** Told what the engine has to say; nothing by default. */
  readonly log?: Log;
}

/** Where to listen; a port of 0 leaves the choice to the system. */
export interface ListenOptions {
  readonly port?: number;
  /** Of the text protocol. */
  readonly textPort?: number;
  /** Path of a Unix socket. */
  readonly unixSocket?: string;
}

/**
 * What is different inside of a process: nothing is listened on, and nothing saved, unless that is
 * asked for.
 */
const EMBEDDED_DEFAULTS: Directives = { port: 0, save: '', bind: ['127.0.0.1', '-::1'] };

/** Who gives one of these means data on disk: what is there is loaded. */
const OF_DATA_ON_DISK: readonly DirectiveName[] = ['dir', 'dbfilename', 'save', 'appendonly'];

/**
 * Opens an engine of its own, with the data that are on disk if a directive says where or when to
 * save. Rejects with ConfigurationError when a directive is unknown or refused, and with
 * SnapshotLoadError when the data cannot be loaded.
 */
export async function openRedstart(
  directives: Directives = {},
  options: OpenOptions = {},
): Promise<EmbeddedRedstart> {
  const config = configure({ ...EMBEDDED_DEFAULTS, ...directives });
  const loads = OF_DATA_ON_DISK.some((name) => name in directives);
  return EmbeddedRedstart.open(config, options, loads);
}

/** An engine in this process; made by `openRedstart`. */
export class EmbeddedRedstart {
  readonly #redstart: Redstart;
  readonly #client: EmbeddedClient;
  readonly #texts = new ValueWriter(TEXT_LEAVES, true);
  readonly #buffers = new ValueWriter(BUFFER_LEAVES, true);
  #closed = false;

  constructor(config: Config, { log }: OpenOptions) {
    this.#redstart = new Redstart(config, {
      ...(log !== undefined && { log }),
      keepsProcessAlive: false,
      onShutdown: () => {
        this.#closed = true;
        this.#endOwnClients();
      },
    });
    this.#client = new EmbeddedClient(this.#redstart.engine);
    this.#redstart.start();
  }

  /** An engine, with the data that are on disk if it `loads`. */
  static async open(
    config: Config,
    options: OpenOptions,
    loads: boolean,
  ): Promise<EmbeddedRedstart> {
    const opened = new EmbeddedRedstart(config, options);
    if (!loads) return opened;
    try {
      await opened.#redstart.load();
    } catch (problem) {
      await opened.close({ save: false });
      throw problem;
    }
    return opened;
  }

  /** Whether the engine is closed, by `close` or by a client's SHUTDOWN. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Runs a command and answers its reply, strings read as UTF-8. Throws ReplyError when the reply
   * is an error; errors within a reply, as EXEC can give, are values.
   */
  call(...command: CommandArguments): Value {
    this.#requireOpen();
    return this.#client.run(flat(command), this.#texts);
  }

  /** As `call`, with strings as Buffers: every byte as it was stored. */
  callBuffer(...command: CommandArguments): BufferValue {
    this.#requireOpen();
    return this.#client.run(flat(command), this.#buffers);
  }

  /**
   * Subscribes to channels. The listener is called with each message, once the command that sent it
   * is done; without one, messages are there to be iterated over. As many as are not taken may have
   * the bytes of client-output-buffer-limit together.
   */
  subscribe(channels: ChannelNames, listener?: MessageListener): Subscription {
    this.#requireOpen();
    return openSubscription(this.#redstart.engine, 'SUBSCRIBE', channels, listener);
  }

  /** As `subscribe`, to all channels that match one of the patterns. */
  psubscribe(patterns: ChannelNames, listener?: MessageListener): Subscription {
    this.#requireOpen();
    return openSubscription(this.#redstart.engine, 'PSUBSCRIBE', patterns, listener);
  }

  /**
   * Runs a command that may wait, such as BLPOP, as a client of its own in the database of this
   * one, and resolves to its reply. Rejects with ReplyError when that is an error, and with Error
   * when the engine closes first. With `call` such a command does not wait.
   */
  async wait(...command: CommandArguments): Promise<Value> {
    this.#requireOpen();
    return this.#client.wait(flat(command), new ValueWriter(TEXT_LEAVES, true));
  }

  /** As `wait`, with strings as Buffers. */
  async waitBuffer(...command: CommandArguments): Promise<BufferValue> {
    this.#requireOpen();
    return this.#client.wait(flat(command), new ValueWriter(BUFFER_LEAVES, true));
  }

  /**
   * Serves other processes too; the process then stays alive until `close`. Resolves to the ports,
   * 0 where there is none. Rejects with ListenError.
   */
  async listen(options: ListenOptions): Promise<{ port: number; textPort: number }> {
    this.#requireOpen();
    const { port, textPort, unixSocket } = options;
    await this.#redstart.listenOn({ port, textPort, unixSocket });
    return { ...this.#redstart.ports };
  }

  /**
   * Ends all connections and all work of the engine, and forgets its data, which are saved first
   * where `save` names points to save at. Rejects when they cannot be: then it stays open, unless
   * `save` is false. May be called again.
   */
  async close({ save = true }: { readonly save?: boolean } = {}): Promise<void> {
    if (this.#closed) return;
    const how = { save: save ? 'default' : 'nosave', now: false, force: false } as const;
    if (this.#redstart.saveAtShutdown(how) !== undefined) {
      throw new Error('the data cannot be saved; the log says why');
    }
    this.#closed = true;
    this.#endOwnClients();
    await this.#redstart.stop();
  }

  /** Ends subscriptions and waits. */
  #endOwnClients(): void {
    for (const { transport } of [...this.#redstart.engine.clients.all()]) {
      if (transport.kind === 'embedded') transport.destroy();
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new Error('this Redstart is closed');
  }
}

/** The client that stands for the process itself. It needs no password. */
class EmbeddedClient implements Transport {
  readonly kind = 'embedded';
  readonly address = 'embedded:0';
  readonly localAddress = 'embedded:0';
  readonly fileDescriptor = -1;
  readonly #engine: Engine;
  readonly #arguments = new ArgumentBuffer();
  #session: Session;
  #running = false;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#session = this.#openSession();
  }

  run<Leaf>(command: readonly CommandArgument[], writer: ValueWriter<Leaf>): ReplyValue<Leaf> {
    // Nothing that runs within a command calls back, but a log might.
    if (this.#running) throw new Error('a command cannot be called while another one runs');
    this.#running = true;
    try {
      const reply = this.#execute(command, writer);
      if (reply instanceof ReplyError) throw reply;
      return reply;
    } catch (problem) {
      writer.reset();
      throw problem instanceof CommandError ? new ReplyError(problem.text) : problem;
    } finally {
      this.#running = false;
    }
  }

  /** As `run`, as a client of its own that may wait. */
  async wait<Leaf>(
    command: readonly CommandArgument[],
    writer: ValueWriter<Leaf>,
  ): Promise<ReplyValue<Leaf>> {
    const engine = this.#engine;
    const args = this.#arguments.fill(command, engine.limits.bulkBytesMax);
    try {
      requireOneReply(this.#session.services.catalog, args);
    } catch (problem) {
      throw problem instanceof CommandError ? new ReplyError(problem.text) : problem;
    }
    return callWaiting(engine, this.#session, args, writer);
  }

  queryBytes(): number {
    return 0;
  }

  queryFreeBytes(): number {
    return 0;
  }

  outputChunks(): number {
    return 0;
  }

  outputBytes(): number {
    return 0;
  }

  /** There is nobody to push to: the commands that ask for it are refused. */
  push(): void {
    this.#engine.log.debug('Nothing is pushed to the process itself');
  }

  /** What subscribes is a client of its own. */
  deliver(): void {
    this.push();
  }

  /** Its commands are answered at once. */
  answer(): boolean {
    return false;
  }

  /** Nothing of this client is ever held back. */
  resume(): void {
    this.#session.stop = 0;
  }

  /** Whoever is disconnected here is connected again at the next command. */
  destroy(): void {
    this.#session.closeAfterReply();
  }

  #execute<Leaf>(command: readonly CommandArgument[], writer: ValueWriter<Leaf>): ReplyValue<Leaf> {
    const engine = this.#engine;
    if (this.#session.closing) {
      engine.closeSession(this.#session);
      this.#session = this.#openSession();
    }
    const session = this.#session;
    const args = this.#arguments.fill(command, engine.limits.bulkBytesMax);
    requireOneReply(session.services.catalog, args);
    session.authenticated = true;
    session.resp3 = true;
    writer.resp3 = true;
    engine.beginBatch();
    try {
      session.activeSeconds = engine.keyspace.nowSeconds;
      engine.executor.execute(session, args, writer);
    } finally {
      engine.endBatch();
    }
    // SHUTDOWN answers nothing.
    return writer.take() ?? null;
  }

  #openSession(): Session {
    const session = this.#engine.openSession(this);
    session.deniesBlocking = true;
    return session;
  }
}

const ARGUMENT_BYTES_MIN = 16 * 1024;
/** A larger buffer is given up after use. */
const KEPT_ARGUMENT_BYTES_MAX = 1024 * 1024;
/** Longest text whose length in bytes is only estimated. */
const ESTIMATED_LENGTH_MAX = 1024;
/** Arguments have 31-bit offsets. */
const COMMAND_BYTES_MAX = 2 ** 31 - 1;

/** The words of one command after the other, in memory that is used again. */
class ArgumentBuffer {
  readonly #args = new Args();
  #bytes = Buffer.allocUnsafeSlow(ARGUMENT_BYTES_MIN);
  #view = new DataView(this.#bytes.buffer);

  /** Valid until the next call. Throws on what is no command, or is too long. */
  fill(command: readonly CommandArgument[], bulkBytesMax: number): Args {
    if (command.length === 0) throw new TypeError('a command needs a name');
    this.#makeRoom(command);
    const args = this.#args;
    const bytes = this.#bytes;
    args.reset(bytes, this.#view);
    let at = 0;
    for (const word of command) {
      const length = writeWord(bytes, at, word);
      if (length > bulkBytesMax) {
        throw new RangeError(`an argument of ${length} bytes is more than proto-max-bulk-len`);
      }
      args.push(at, length);
      at += length;
    }
    args.end = at;
    return args;
  }

  #makeRoom(command: readonly CommandArgument[]): void {
    let needed = 0;
    for (const word of command) needed += lengthBound(word);
    const capacity = this.#bytes.length;
    if (needed <= capacity && capacity <= KEPT_ARGUMENT_BYTES_MAX) return;
    if (needed > COMMAND_BYTES_MAX) throw new RangeError(`a command of ${needed} bytes`);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(needed, ARGUMENT_BYTES_MIN));
    this.#view = new DataView(this.#bytes.buffer);
  }
}

function flat(command: CommandArguments): readonly CommandArgument[] {
  for (const word of command) if (Array.isArray(word)) return command.flat();
  // There is no list in it.
  return command as readonly CommandArgument[];
}

/** The most bytes that an argument can have. Throws TypeError on what is none. */
function lengthBound(word: CommandArgument): number {
  if (typeof word === 'string') {
    return word.length <= ESTIMATED_LENGTH_MAX ? word.length * 3 : Buffer.byteLength(word);
  }
  if (word instanceof Uint8Array) return word.length;
  if (typeof word === 'number' || typeof word === 'bigint') return String(word).length;
  throw new TypeError(`not a string, number, bigint or Uint8Array: ${String(word)}`);
}

/** Writes an argument at bytes[at..] and returns its length. */
function writeWord(bytes: Buffer, at: number, word: CommandArgument): number {
  if (word instanceof Uint8Array) {
    bytes.set(word, at);
    return word.length;
  }
  return bytes.write(typeof word === 'string' ? word : String(word), at);
}

const TEXT_LEAVES: Leaves<string> = {
  string: (bytes, start, end) => bytes.toString('utf8', start, end),
  status: (text) => text,
  verbatim: (_format, text) => text,
};

const BUFFER_LEAVES: Leaves<string | Buffer> = {
  string: (bytes, start, end) => Buffer.from(bytes.subarray(start, end)),
  status: (text) => text,
  verbatim: (_format, text) => Buffer.from(text),
};

/** A configuration out of directives, each read as a line of a file would be. */
function configure(directives: Directives): Config {
  const settings = new Settings(process.cwd());
  for (const [given, value] of Object.entries(directives)) {
    const name = findDirective(given);
    if (name === undefined) throw new ConfigurationError(`${given}: no such directive`);
    if (value === undefined) continue;
    try {
      settings.put(name, settings.read(name, wordsOf(name, value)));
    } catch (problem) {
      if (!(problem instanceof ConfigRejection)) throw problem;
      throw new ConfigurationError(`${given}: ${problem.message}`);
    }
  }
  return new Config(settings);
}

function wordsOf(name: DirectiveName, value: DirectiveValue): Buffer[] {
  if (typeof value === 'boolean') return [Buffer.from(value ? 'yes' : 'no')];
  if (typeof value === 'object') return value.map((word) => Buffer.from(String(word)));
  return splitValue(directiveOf(name).kind, Buffer.from(String(value)));
}

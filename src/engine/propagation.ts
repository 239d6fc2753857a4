/**
 * The stream of changes: what each command has changed, as the commands that change it again, in
 * the form in which clients send them. Whoever keeps a log of it (the append-only file) or passes
 * it on is a reader of the stream.
 *
 * The executor brackets every command. One that has changed something is written as it came, or as
 * what it has noted in `Keyspace.effects`; a key that has expired as its DEL, before the command
 * that came upon it. What belongs together (a transaction, a command with several effects) is one
 * unit: more than one command are put between MULTI and EXEC. SELECT comes where the database
 * changes. Units gather in one buffer; readers get them at the end of the batch, or, when all of
 * them can wait, some time later.
 */
import { FLAG_BITS, type RegisteredCommand } from '../commands/registry.ts';
import type { Database } from '../keyspace/database.ts';
import { Effects } from '../keyspace/effects.ts';
import type { Keyspace, RemovalListener } from '../keyspace/keyspace.ts';
import type { Args } from '../protocol/args.ts';
import { CommandBytes } from '../protocol/command-bytes.ts';
import type { Executor } from './execute.ts';
import type { Session } from './session.ts';

/** Commands that can change anything. */
const CHANGING = FLAG_BITS.write | FLAG_BITS.may_replicate;

const MULTI = Buffer.from('*1\r\n$5\r\nMULTI\r\n');
const EXEC = Buffer.from('*1\r\n$4\r\nEXEC\r\n');

/** What gathers at most while readers wait, but for what one batch adds. */
export const GATHERED_BYTES_MAX: number = 512 * 1024;

/** Who reads the stream. */
export interface StreamReader {
  /** Whether what there is may wait for more; this then asks for it, by `flushLate`. */
  mayWait(): boolean;
  /**
   * Takes whole units, bytes[0, length), valid only during the call; or keeps the buffer, if it
   * may, and returns another.
   */
  take(bytes: Buffer, length: number, mayKeep: boolean): Buffer | null;
}

/** See the file's comment. */
export class Propagation implements RemovalListener {
  /** Bytes of the stream since the start, those that readers have yet to get included. */
  offset = 0;
  readonly #keyspace: Keyspace;
  readonly #executor: Executor;
  readonly #effects = new Effects();
  readonly #out = new CommandBytes();
  #readers: readonly StreamReader[] = [];
  /** The database that the stream is in; -1 when it is to say it anew. */
  #selected = -1;
  /** Where in the buffer the unit begins, how many commands it has, and whether one is open. */
  #unitStart = 0;
  #unitCommands = 0;
  #isOpen = false;
  /** Whether readers are going to ask for what there is. */
  #isAwaited = false;
  /** Of the command that runs: what was changed before it, and the database it runs in. */
  #changes = 0;
  #database = 0;

  constructor(keyspace: Keyspace, executor: Executor) {
    this.#keyspace = keyspace;
    this.#executor = executor;
  }

  /** Adds a reader, from the next unit on, which says what database it is for. */
  attach(reader: StreamReader): void {
    this.flush();
    this.#readers = [...this.#readers, reader];
    this.reselect();
    this.#follow();
  }

  detach(reader: StreamReader): void {
    this.flush();
    this.#readers = this.#readers.filter((each) => each !== reader);
    this.#follow();
  }

  /** Readers may not wait any longer, or wait again: they are asked at the end of the batch. */
  hurry(): void {
    this.#isAwaited = false;
  }

  /** Bytes of the stream that readers have yet to get. */
  get gatheredBytes(): number {
    return this.#out.length;
  }

  /** Has the next change say what database it is for: a reader begins a new file. */
  reselect(): void {
    this.#selected = -1;
  }

  /** Says whether the bytes of commands stay where they are from now on until this says no. */
  set bytesStay(stay: boolean) {
    if (!stay) this.#out.settle();
    this.#out.sourceStays = stay;
  }

  /** Before a command, in the database that is selected. */
  before(session: Session): void {
    this.#isOpen = true;
    this.#database = session.database.id;
    this.#changes = this.#keyspace.dirty - this.#keyspace.expired;
    if (this.#effects.noted.length > 0) this.#effects.clear();
  }

  /** The two that follow, after a command that is no part of anything larger. */
  ranAlone(session: Session, command: RegisteredCommand, args: Args): void {
    if (this.#unitCommands > 0 || this.#effects.noted.length > 0 || session.isUnlogged) {
      this.after(session, command, args);
      this.end(session);
      return;
    }
    this.#isOpen = false;
    if ((command.mask & CHANGING) === 0) return;
    if (this.#keyspace.dirty - this.#keyspace.expired === this.#changes) return;
    if (this.#selected !== this.#database) this.#select(this.#database);
    this.#out.parsed(args);
    this.#unitStart = this.#out.length;
    session.written = this.offset + this.#unitStart;
  }

  /** After a command, whether or not it has failed. */
  after(session: Session, command: RegisteredCommand, args: Args): void {
    if ((command.mask & CHANGING) === 0) return;
    if (session.isUnlogged) this.#effects.clear();
    else if (this.#write(args)) session.written = this.offset + this.#out.length;
    // A command that ran others has changed nothing itself.
    this.#changes = this.#keyspace.dirty - this.#keyspace.expired;
  }

  /** Ends the unit, which is that of a session or nobody's. */
  end(session: Session | null): void {
    this.#isOpen = false;
    if (this.#unitCommands > 1) {
      this.#out.insert(this.#unitStart, MULTI);
      this.#out.raw(EXEC);
      if (session !== null) session.written = this.offset + this.#out.length;
    }
    this.#unitCommands = 0;
    this.#unitStart = this.#out.length;
  }

  /** At the end of a batch: gives readers what there is unless they may wait. As `flush`. */
  offer(): void {
    const { length } = this.#out;
    if (length === 0) return;
    if (length < GATHERED_BYTES_MAX) {
      this.#isAwaited ||= this.#readers.every((reader) => reader.mayWait());
      if (this.#isAwaited) return;
    }
    this.flush();
  }

  /** Gives readers what they have waited for; a unit that is open, as of a script, when it ends. */
  flushLate(): void {
    if (this.#unitCommands === 0) this.flush();
    else this.#flushWhole();
  }

  /** Gives readers the units before the one that is open. */
  #flushWhole(): void {
    const out = this.#out;
    const length = this.#unitStart;
    this.#isAwaited = false;
    if (length === 0) return;
    out.settle();
    this.offset += length;
    this.#unitStart = 0;
    for (const reader of this.#readers) reader.take(out.bytes, length, false);
    out.drop(length);
  }

  /** Gives readers what there is. REQUIRES: no unit is open, or it is empty. */
  flush(): void {
    const out = this.#out;
    this.#isAwaited = false;
    if (out.length === 0) return;
    out.settle();
    const { bytes, length } = out;
    this.offset += length;
    this.#unitStart = 0;
    out.clear();
    const mayKeep = this.#readers.length === 1;
    for (const reader of this.#readers) {
      const other = reader.take(bytes, length, mayKeep);
      if (other !== null) out.use(other);
    }
  }

  keyRemoved(database: Database, args: Args): void {
    this.#begin(database.id);
    this.#out.words(['DEL', args.copy(0)]);
    if (!this.#isOpen) this.end(null);
  }

  /** Writes what the command has changed; whether that was anything. */
  #write(args: Args): boolean {
    const { noted } = this.#effects;
    if (noted.length > 0) {
      for (const words of noted) {
        this.#begin(this.#database);
        this.#out.words(words);
      }
      this.#effects.clear();
      return true;
    }
    if (this.#keyspace.dirty - this.#keyspace.expired === this.#changes) return false;
    this.#begin(this.#database);
    this.#out.args(args);
    return true;
  }

  /** Begins a command of the unit. */
  #begin(database: number): void {
    this.#unitCommands++;
    if (this.#selected !== database) this.#select(database);
  }

  #select(database: number): void {
    this.#selected = database;
    this.#out.words(['SELECT', String(database)]);
  }

  #follow(): void {
    this.bytesStay = false;
    const isRead = this.#readers.length > 0;
    this.#keyspace.effects = isRead ? this.#effects : null;
    this.#executor.propagation = isRead ? this : null;
    this.#keyspace.remover = isRead ? this : null;
    this.#isOpen = false;
  }
}

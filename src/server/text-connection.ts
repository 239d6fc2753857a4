/**
 * A connection that speaks the text protocol: one line in, one line out. It is for people with nc
 * and for programs without a client library, so it is written to be plain rather than fast.
 */
import { CommandError } from '../commands/errors.ts';
import { requireOneReply } from '../commands/one-reply.ts';
import type { LateReply } from '../commands/services/clients.ts';
import { STOP_PAUSED } from '../engine/session.ts';
import { splitWords } from '../protocol/quoting.ts';
import { ReplyTooLargeError } from '../protocol/resp-writer.ts';
import { REPLY_BYTES_MAX, type ReplyStyle, replyLine } from '../protocol/text-protocol.ts';
import {
  EXACT_LEAVES,
  type ExactValue,
  ReplyError,
  ValueWriter,
} from '../protocol/value-writer.ts';
import { ClientConnection, type ConnectionSetting, FLUSH_BYTES } from './client-connection.ts';
import { readTextRequest } from './text-commands.ts';

/** Longest line, without its end. */
const LINE_BYTES_MAX = 64 * 1024;

const CR = 0x0d;
const LF = 0x0a;

const LINE_TOO_LONG = `ERR the line is longer than ${LINE_BYTES_MAX} bytes`;
const UNBALANCED_QUOTES = 'ERR unbalanced quotes in request';
const REPLY_TOO_LONG = `ERR the reply is longer than ${REPLY_BYTES_MAX} bytes`;

/** See the file's comment. */
export class TextConnection extends ClientConnection {
  readonly #style: () => ReplyStyle;
  readonly #values = new ValueWriter(EXACT_LEAVES, false);

  /** `style` answers how replies are to be written at the moment. */
  constructor(setting: ConnectionSetting, style: () => ReplyStyle) {
    super(setting);
    this.#style = style;
    this.#values.limitBytes = REPLY_BYTES_MAX;
  }

  /**
   * Nothing but replies is ever sent: a client that reads one line for each of its own stays in
   * step.
   */
  push(): void {
    this.engine.log.debug('Nothing is pushed to a client of the text protocol', {
      client: this.address,
    });
  }

  /** It cannot subscribe to anything. */
  deliver(): void {
    this.push();
  }

  protected sendLate(late: LateReply): boolean {
    const values = this.#values;
    values.resp3 = this.session.resp3;
    try {
      if (!late.write(values)) return false;
      const reply = values.take();
      if (reply !== undefined) this.outbox.send(replyLine(reply, this.#style()));
      return true;
    } finally {
      values.reset();
    }
  }

  protected execute(bytes: Buffer, _view: DataView, end: number): number {
    const { session } = this;
    let done = 0;
    while (session.stop === 0) {
      const newline = bytes.subarray(0, end).indexOf(LF, done);
      if (newline < 0) {
        // One byte more may be the CR of a line that is as long as it may be.
        if (end - done > LINE_BYTES_MAX + 1) this.#refuseLine();
        break;
      }
      const lineEnd = newline > done && bytes[newline - 1] === CR ? newline - 1 : newline;
      if (lineEnd - done > LINE_BYTES_MAX) this.#refuseLine();
      else this.#answer(bytes.subarray(done, lineEnd));
      if ((session.stop & STOP_PAUSED) !== 0) break;
      // It may hold a password, as the copies that `#run` erases may.
      bytes.fill(0, done, lineEnd);
      done = newline + 1;
      if (this.writer.length > FLUSH_BYTES) this.flush();
    }
    return done;
  }

  /** Executes one line and writes its reply; an empty line has none. */
  #answer(line: Buffer): void {
    const words = splitWords(line);
    if (words === undefined) this.#refuse(UNBALANCED_QUOTES);
    else if (words.length > 0) {
      try {
        this.#run(words);
      } catch (problem) {
        if (problem instanceof CommandError) this.#refuse(problem.text);
        else if (problem instanceof ReplyTooLargeError) this.#breakOff();
        else throw problem;
      }
    }
  }

  #run(words: readonly Buffer[]): void {
    const { session, engine } = this;
    const values = this.#values;
    const request = readTextRequest(words);
    const args = this.scratch.batch[0]!;
    args.set(request.words);
    // Who has yet to give the password hears that first.
    if (session.authenticated) requireOneReply(session.services.catalog, args);
    values.resp3 = session.resp3;
    engine.executor.execute(session, args, values);
    args.bytes.fill(0);
    for (const word of words) word.fill(0);
    const reply = values.take();
    if (reply !== undefined) this.#send(request.answer(reply));
  }

  #send(reply: ExactValue): void {
    this.writer.raw(replyLine(reply, this.#style()));
  }

  #refuse(error: string): void {
    this.engine.statistics.failedWith(error, null, false);
    this.#send(new ReplyError(error));
  }

  #refuseLine(): void {
    this.#refuse(LINE_TOO_LONG);
    this.session.closeAfterReply();
  }

  #breakOff(): void {
    this.#values.reset();
    this.#refuse(REPLY_TOO_LONG);
    this.session.closeAfterReply();
  }
}

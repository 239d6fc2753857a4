import {
  type Arg,
  ConnectionClosedError,
  NoReplyError,
  RespClient,
} from '../support/resp-client.ts';
import { NotRespError, type Reply } from '../support/resp-reply.ts';
import {
  abbreviate,
  type Encoded,
  encodeBytes,
  encodeFailure,
  encodeReply,
  isBytes,
  isFailure,
  mapScalars,
  textOf,
  toJson,
} from './encoded.ts';
import type { Action, Dialect, Protocol, Step } from './script.ts';

/** A server that scripts are run against. */
export type Target = { readonly port: number; readonly dialect: Dialect };

const QUIET_MS = 150;
const HANG_UP_MS_MAX = 3_000;
const CONFIRM_MS = 15;
const BLOCK_MS_MAX = 5_000;
const SCALAR_LENGTH_MAX = 400;

/** The connections and captured values of one case while it runs against one server. */
export class Conversation {
  readonly #target: Target;
  readonly #protocol: Protocol;
  readonly #connections = new Map<string, RespClient>();
  readonly #captured = new Map<string, string>();

  constructor(target: Target, protocol: Protocol) {
    this.#target = target;
    this.#protocol = protocol;
  }

  /**
   * Runs a step and answers what came of it, normalised; null where a step has no outcome. The
   * expected outcome only tells raw steps how long to wait: without it they wait until the server
   * has been quiet for a while.
   */
  async run(step: Step, expected: Encoded | null): Promise<Encoded | null> {
    const connection = await this.#connection(step.connection);
    try {
      const outcome = await this.#act(step.action, connection, expected);
      if (outcome === null || isFailure(outcome)) return outcome;
      const kept = step.capture === undefined ? outcome : this.#capture(step.capture, outcome);
      const normal = step.normalisers.reduce(
        (reply, normalise) => normalise(reply, this.#target.dialect),
        kept,
      );
      return isBytes(normal) ? normal : mapScalars(normal, shorten);
    } catch (error) {
      if (
        error instanceof NoReplyError ||
        error instanceof ConnectionClosedError ||
        error instanceof NotRespError
      ) {
        return encodeFailure(error.message);
      }
      throw error;
    }
  }

  /** Closes every connection. */
  async end(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()));
  }

  async #act(
    action: Action,
    connection: RespClient,
    expected: Encoded | null,
  ): Promise<Encoded | null> {
    switch (action.kind) {
      case 'call':
        return encodeReply(await connection.call(...this.#filledIn(action.args)));
      case 'send':
        connection.send(this.#filledIn(action.args));
        return null;
      case 'receive':
        return encodeReply(await connection.read());
      case 'scan':
        return scanAll(connection, this.#filledIn(action.args), action.cursorAt);
      case 'closed': {
        const bytes = await connection.takeBytes(1, HANG_UP_MS_MAX);
        return encodeBytes(bytes, await connection.untilClosed(CONFIRM_MS));
      }
      case 'raw':
        connection.sendBytes(action.bytes);
        return collectBytes(connection, expected);
      case 'split':
        return action.byteByByte
          ? sendByteByByte(connection, action.bytes, expected)
          : sendSplitAnywhere(connection, action.bytes, expected);
      case 'wait':
        await pause(action.ms);
        return null;
      case 'silence':
        return encodeBytes(await connection.takeBytes(1, action.ms), connection.closed);
      case 'blocked':
        await this.#untilBlocked(action.clients);
        return null;
    }
  }

  async #connection(name: string): Promise<RespClient> {
    const open = this.#connections.get(name);
    if (open !== undefined) return open;
    const connection = await RespClient.connect(this.#target.port);
    this.#connections.set(name, connection);
    // A server that asks for a password refuses this; the script then goes on in RESP2, on any
    // server.
    if (this.#protocol === 3) await connection.call('HELLO', '3');
    return connection;
  }

  #filledIn(args: readonly Arg[]): Arg[] {
    return args.map((arg) =>
      typeof arg === 'string'
        ? arg.replace(/\{(\w+)\}/g, (whole, name) => this.#captured.get(name) ?? whole)
        : arg,
    );
  }

  #capture(capture: NonNullable<Step['capture']>, reply: Encoded): Encoded {
    const found = capture.pattern.exec(textOf(reply))?.[1];
    if (found === undefined) return encodeFailure(`${capture.pattern} is not in ${toJson(reply)}`);
    this.#captured.set(capture.name, found);
    return mapScalars(reply, (text) => text.replace(found, `{${capture.name}}`));
  }

  async #untilBlocked(clients: number): Promise<void> {
    const watcher = await RespClient.connect(this.#target.port);
    const deadline = Date.now() + BLOCK_MS_MAX;
    try {
      while (
        textOf(encodeReply(await watcher.call('INFO', 'clients'))).match(
          /^blocked_clients:(\d+)/m,
        )?.[1] !== String(clients)
      ) {
        if (Date.now() > deadline) throw new NoReplyError(`${clients} clients never blocked`);
        await pause(2);
      }
    } finally {
      await watcher.close();
    }
  }
}

const shorten = (scalar: string) => abbreviate(scalar, SCALAR_LENGTH_MAX);

/**
 * Follows the cursor to its end: the elements (fields and values in RESP2's flat order) as they
 * came.
 */
async function scanAll(connection: RespClient, args: Arg[], cursorAt: number): Promise<Encoded> {
  const elements: Reply[] = [];
  const next = [...args];
  for (;;) {
    const reply = await connection.call(...next);
    if (reply.type !== 'array' || reply.items.length !== 2) return encodeReply(reply);
    const [cursor, page] = reply.items as [Reply, Reply];
    if (cursor.type !== 'bulk' || page.type !== 'array') return encodeReply(reply);
    elements.push(...page.items);
    const text = cursor.bytes.toString('latin1');
    if (text === '0') return encodeReply({ type: 'array', items: elements });
    next[cursorAt] = text;
  }
}

async function collectBytes(connection: RespClient, expected: Encoded | null): Promise<Encoded> {
  if (expected === null) {
    const parts: Buffer[] = [];
    for (;;) {
      const part = await connection.takeBytes(1, QUIET_MS);
      if (part.length === 0) return encodeBytes(Buffer.concat(parts), connection.closed);
      parts.push(part);
    }
  }
  const { bytes, closed } = expected as { bytes: string; closed: string };
  const first = await connection.takeBytes(bytes.length, HANG_UP_MS_MAX);
  const hungUp = await connection.untilClosed(closed === 'yes' ? HANG_UP_MS_MAX : CONFIRM_MS);
  const rest = await connection.takeBytes(0, 0);
  return encodeBytes(Buffer.concat([first, rest]), hungUp);
}

async function sendByteByByte(
  connection: RespClient,
  bytes: Buffer,
  expected: Encoded | null,
): Promise<Encoded> {
  for (const byte of bytes) {
    connection.sendBytes(Buffer.of(byte));
    await pause(1);
  }
  return collectBytes(connection, expected);
}

async function sendSplitAnywhere(
  connection: RespClient,
  bytes: Buffer,
  expected: Encoded | null,
): Promise<Encoded> {
  const answers = new Map<string, Encoded>();
  // The first answer says how many bytes the others should have; any other length shows as an
  // answer of its own.
  let like = expected === null ? null : (expected as readonly Encoded[])[0]!;
  for (let cut = 1; cut < bytes.length; cut++) {
    connection.sendBytes(bytes.subarray(0, cut));
    await pause(1);
    connection.sendBytes(bytes.subarray(cut));
    const answer = await collectBytes(connection, like);
    like ??= answer;
    answers.set(toJson(answer), answer);
  }
  return [...answers.values()];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

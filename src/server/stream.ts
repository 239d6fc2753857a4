/**
 * A connection's bytes, with as little of Node between us and the system as its public and
 * semi-public surface lets: the only file that knows what a net.Socket is made of.
 *
 * Reads go into one static buffer that all connections share (net's `onread`, which the constructor
 * takes but `net.Server` does not pass on, hence the second Socket around the same handle). Writes
 * go to the handle itself: a Writable costs as much again as the system call. Where a handle does
 * not have what we need (TLS, another runtime), the plain socket serves, with the same behaviour.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** What a stream tells its connection. */
export interface StreamEvents {
  /** `length` bytes are in `bytes`; valid only during the call. */
  onBytes(bytes: Buffer, length: number): void;
  /** All that was written has been handed to the system. */
  onDrained(): void;
  /** The peer has closed its direction. */
  onEnd(): void;
  /** The stream is gone; called once. */
  onClosed(): void;
}

interface WriteRequest {
  oncomplete: ((status: number) => void) | null;
  /** Keeps the bytes alive while the system reads them. */
  buffer: Buffer | null;
  /** Negative as long as no write is under way with this request. */
  getAsyncId(): number;
}

/** What we use of a libuv stream handle. */
export interface Handle {
  writeBuffer(request: WriteRequest | null, bytes: Buffer): number | WriteRequest;
  readonly fd: number;
  /** Whether net has it read; a plain property. */
  readonly reading?: boolean;
}

/** The handle to write to, or null where the plain socket is to serve. */
export type HandleFinder = (socket: Socket) => Handle | null;

/**
 * How this runtime's handles want to be written to, learnt from the first write that net itself
 * makes: with a request object of a class that is not public, or, in later versions, with null,
 * answered by a request if the system did not take everything at once. Guessing wrong would abort
 * the process.
 */
type WriteForm = 'unknown' | 'lazy' | (new () => WriteRequest);

let writeForm: WriteForm = 'unknown';

/**
 * A request that was not needed, because the system took everything at once, is as good as new: one
 * serves all streams. One for each would be one more thing to fetch from memory per write, which
 * shows when a message goes to a thousand clients.
 */
let spareRequest: WriteRequest | null = null;

/** Where an adopted socket has those who are told what it reads. */
const EVENTS = Symbol('events');

interface AdoptedSocket extends Socket {
  [EVENTS]: StreamEvents;
}

/** How long one socket that always has more is read from while others wait. */
const SHARE_MS = 0.5;

/** The socket whose last reads have all filled the buffer, and since when. */
let insistent: Socket | null = null;
let insistentSinceMs = 0;

/** One open connection's two directions. */
export class Stream {
  readonly socket: Socket;
  readonly #handle: Handle | null;
  readonly #events: StreamEvents;
  /** Whether the stream is gone. Net may know a moment earlier: a write then fails. */
  #isClosed = false;
  /** Bytes handed to the runtime that the system has not taken. */
  pendingBytes = 0;

  /**
   * `shared` is the buffer that all reads of this thread go to; `findHandle` finds what there is to
   * write to, null for the plain socket.
   */
  constructor(
    socket: Socket,
    events: StreamEvents,
    shared: Buffer,
    findHandle: HandleFinder = handleOf,
  ) {
    this.#events = events;
    const handle = findHandle(socket);
    this.#handle = handle;
    if (handle === null) {
      this.socket = socket;
      socket.allowHalfOpen = true;
      socket.on('data', (bytes: Buffer) => events.onBytes(bytes, bytes.length));
      // Listeners accept sockets that are paused, and those do not begin to flow by themselves.
      socket.resume();
    } else {
      this.socket = adopt(socket, handle, shared, events);
    }
    this.socket.on('error', () => this.socket.destroy());
    this.socket.on('end', () => events.onEnd());
    this.socket.on('close', () => {
      this.#isClosed = true;
      events.onClosed();
    });
  }

  /** The descriptor of the socket, -1 where there is none to see. */
  get fileDescriptor(): number {
    return this.#handle?.fd ?? -1;
  }

  /**
   * Whether nothing waits for the system. Only then may `write` be called with a buffer that is
   * reused after.
   */
  get idle(): boolean {
    return this.pendingBytes === 0;
  }

  /**
   * Writes `bytes`; true when the system took all of them, so that the memory is free again; false
   * when they are on their way and must not change until `onDrained`.
   */
  write(bytes: Buffer): boolean {
    if (this.#handle === null || writeForm === 'unknown') return this.#writeThroughSocket(bytes);
    if (this.#isClosed) return true;
    if (writeForm === 'lazy') {
      const outcome = this.#handle.writeBuffer(null, bytes);
      if (typeof outcome === 'object') return this.#waitFor(outcome, bytes);
      return this.#checked(outcome);
    }
    spareRequest ??= new writeForm();
    const request = spareRequest;
    const status = this.#handle.writeBuffer(request, bytes) as number;
    if (status === 0 && request.getAsyncId() < 0) return true;
    // It is in use until it completes, even if by now the system has taken everything.
    spareRequest = null;
    if (status !== 0) return this.#checked(status);
    return this.#waitFor(request, bytes);
  }

  /** Reads what `write` is going to need, so that it is fetched from memory meanwhile. */
  touch(): number {
    return this.pendingBytes + (this.#handle?.reading ? 1 : 0);
  }

  /** Closes, behind all that was written. REQUIRES: `idle`. */
  end(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
    this.#isClosed = true;
    this.socket.destroy();
  }

  #checked(status: number): boolean {
    if (status !== 0) this.socket.destroy();
    return true;
  }

  #waitFor(request: WriteRequest, bytes: Buffer): boolean {
    request.buffer = bytes;
    request.oncomplete = (status) => {
      request.buffer = null;
      if (status < 0) this.socket.destroy();
      else this.#took(bytes.length);
    };
    this.pendingBytes += bytes.length;
    return false;
  }

  #writeThroughSocket(bytes: Buffer): boolean {
    if (this.#handle !== null && writeForm === 'unknown') learnWriteForm(this.#handle);
    this.pendingBytes += bytes.length;
    this.socket.write(bytes, (problem) => {
      // What could not be written closes the socket.
      if (problem === undefined || problem === null) this.#took(bytes.length);
    });
    return false;
  }

  /** The system has taken so many bytes. */
  #took(bytes: number): void {
    this.pendingBytes -= bytes;
    if (this.pendingBytes === 0) this.#events.onDrained();
  }
}

/** The handle of a socket if it can be written to as we do, else null. */
export function handleOf(socket: Socket): Handle | null {
  const handle = (socket as unknown as { _handle: Handle | null })._handle;
  return handle !== null && typeof handle.writeBuffer === 'function' ? handle : null;
}

/** Puts a Socket that reads into `shared` around the handle of one that the server made. */
function adopt(socket: Socket, handle: Handle, shared: Buffer, events: StreamEvents): Socket {
  (socket as unknown as { _handle: Handle | null })._handle = null;
  const onread = { buffer: shared, callback: tellOfBytes } as OnReadOpts;
  const options = { handle, onread, allowHalfOpen: true } as SocketConstructorOpts;
  const adopted = new Socket(options) as AdoptedSocket;
  adopted[EVENTS] = events;
  adopted.read(0);
  return adopted;
}

/**
 * Called by net as a method of the socket; whether to read on. One for all of them: a closure for
 * each, with what it closes over, would be four more objects to fetch from memory per read.
 */
function tellOfBytes(this: AdoptedSocket, length: number, shared: Buffer): boolean {
  if (length === shared.length) return takeShare(this, shared);
  insistent = null;
  this[EVENTS].onBytes(shared, length);
  return true;
}

/**
 * Tells of a whole buffer, behind which there is more: libuv reads up to 32 of them before it looks
 * at another socket. Once one socket has had its share, it waits for the next turn; whether it has
 * not. See docs/decisions/0018-fair-reading.md.
 */
function takeShare(socket: AdoptedSocket, shared: Buffer): boolean {
  if (insistent !== socket) {
    insistent = socket;
    insistentSinceMs = performance.now();
  }
  socket[EVENTS].onBytes(shared, shared.length);
  if (performance.now() - insistentSinceMs < SHARE_MS) return true;
  insistent = null;
  setImmediate(readOn, socket);
  return false;
}

function readOn(socket: Socket): void {
  if (!socket.destroyed) socket.resume();
}

/** Watches net's next write to learn `writeForm`. */
function learnWriteForm(handle: Handle): void {
  const own = handle as unknown as Record<string, unknown>;
  own.writeBuffer = (request: WriteRequest | null, bytes: Buffer): number | WriteRequest => {
    delete own.writeBuffer;
    writeForm = request === null ? 'lazy' : (request.constructor as new () => WriteRequest);
    return handle.writeBuffer(request, bytes);
  };
}

/**
 * What is said over HTTP: metrics, and whether the server lives and is ready.
 *
 *   GET /metrics   200 and the metrics
 *   GET /healthz   200 for as long as the event loop turns
 *   GET /readyz    200 when clients are served, 503 while data are being loaded
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { InfoSource } from '../commands/info/section.ts';
import type { Log } from '../engine/log.ts';
import type { Gatekeeper } from '../server/listener.ts';
import { CONTENT_TYPE } from './exposition.ts';
import { Metrics } from './metrics.ts';

/** Connections at once: a few scrapers and probes. */
const CONNECTIONS_MAX = 64;
/** How long a request may take to arrive. */
const REQUEST_MS_MAX = 10_000;
const HEADERS_BYTES_MAX = 8192;
const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** See the file's comment. */
export class HttpEndpoint implements Gatekeeper {
  readonly #info: InfoSource;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #sockets = new Set<Socket>();
  /** The text that is being made; whoever asks meanwhile gets the same. */
  #text: Promise<string> | null = null;

  constructor(info: InfoSource, log: Log) {
    this.#info = info;
    this.#log = log;
    this.#metrics = new Metrics(info);
  }

  /** Makes the HTTP server of one listening socket. */
  makeServer(): Server {
    const server = createServer(
      {
        maxHeaderSize: HEADERS_BYTES_MAX,
        headersTimeout: REQUEST_MS_MAX,
        requestTimeout: REQUEST_MS_MAX,
        noDelay: true,
      },
      (request, response) => void this.#answer(request, response),
    );
    server.maxConnections = CONNECTIONS_MAX;
    return server;
  }

  refusal(): undefined {
    return undefined;
  }

  accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  acceptFailed(problem: Error): void {
    this.#log.warning('Error accepting an HTTP connection', { reason: problem.message });
  }

  /** Closes every connection and stops measuring. */
  stop(): void {
    this.#metrics.stop();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0];
    if (path !== '/metrics' && path !== '/healthz' && path !== '/readyz') {
      send(response, 404, 'not found: /metrics, /healthz and /readyz are here\n');
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      send(response, 405, 'method not allowed\n');
    } else if (path === '/metrics') {
      await this.#answerMetrics(response);
    } else if (path === '/readyz' && this.#info.services.lifecycle.loading) {
      send(response, 503, 'loading\n');
    } else {
      send(response, 200, path === '/readyz' ? 'ready\n' : 'ok\n');
    }
  }

  async #answerMetrics(response: ServerResponse): Promise<void> {
    try {
      this.#text ??= this.#metrics.text().finally(() => {
        this.#text = null;
      });
      send(response, 200, await this.#text, CONTENT_TYPE);
    } catch (problem) {
      const reason = problem instanceof Error ? problem.stack : String(problem);
      this.#log.warning('The metrics cannot be shown', { reason });
      send(response, 500, 'the metrics cannot be shown: see the log\n');
    }
  }
}

function send(response: ServerResponse, status: number, text: string, type = PLAIN_TEXT): void {
  const headers = { 'Content-Type': type, 'Cache-Control': 'no-store' };
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

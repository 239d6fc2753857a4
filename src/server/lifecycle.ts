/** The server as a process: what INFO and SHUTDOWN know of it. */
import { randomBytes } from 'node:crypto';
import type { ClientState } from '../commands/services/clients.ts';
import type {
  CpuSeconds,
  Lifecycle,
  ListeningAddresses,
  ShutdownOptions,
} from '../commands/services/lifecycle.ts';
import type { Log } from '../engine/log.ts';
import { processCpuSeconds, residentBytes, threadCpuSeconds } from '../engine/process-facts.ts';

/** What the lifecycle is told by whoever runs the server. */
export interface ProcessFacts {
  readonly configFile: string;
  readonly supervisor: string;
  readonly log: Log;
  readonly listeners: () => readonly ListeningAddresses[];
  /** Whether the data set is still being read from disk. */
  readonly isLoading: () => boolean;
  /** Saves the data if they are to be saved; an error text when the server must stay up. */
  readonly save: (options: ShutdownOptions) => string | undefined;
  /** Stops the server; begun by SHUTDOWN. */
  readonly stop: () => void;
}

/** See the file's comment. */
export class ServerLifecycle implements Lifecycle {
  readonly runId: string = randomBytes(20).toString('hex');
  readonly executable: string = process.execPath;
  readonly configFile: string;
  readonly supervisor: string;
  readonly #facts: ProcessFacts;

  constructor(facts: ProcessFacts) {
    this.#facts = facts;
    this.configFile = facts.configFile;
    this.supervisor = facts.supervisor;
  }

  get loading(): boolean {
    return this.#facts.isLoading();
  }

  get port(): number {
    return this.listeners().find((listener) => listener.name === 'tcp')?.port ?? 0;
  }

  listeners(): readonly ListeningAddresses[] {
    return this.#facts.listeners();
  }

  shutdown(options: ShutdownOptions, client: ClientState): string | undefined {
    this.#facts.log.warning('User requested shutdown...', { client: client.transport.address });
    const problem = this.#facts.save(options);
    if (problem !== undefined) return problem;
    client.closeAfterReply();
    // Not from within a command: the batch that it is part of must come to its end.
    setImmediate(() => this.#facts.stop());
    return undefined;
  }

  abortShutdown(): boolean {
    return false;
  }

  log(text: string): void {
    this.#facts.log.warning(text);
  }

  residentBytes(): number {
    return residentBytes();
  }

  cpuSeconds(): CpuSeconds {
    return processCpuSeconds();
  }

  threadCpuSeconds(): CpuSeconds | undefined {
    return threadCpuSeconds();
  }
}

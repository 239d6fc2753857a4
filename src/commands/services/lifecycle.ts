/** Start, stop and what the process is. */
import type { ClientState } from './clients.ts';

export interface ShutdownOptions {
  readonly save: 'default' | 'save' | 'nosave';
  readonly now: boolean;
  readonly force: boolean;
}

/** Addresses that clients can connect to. */
export interface ListeningAddresses {
  readonly name: 'tcp' | 'tls' | 'unix' | 'text';
  /** As they were configured; the path of a Unix socket. */
  readonly addresses: readonly string[];
  /** 0 for a Unix socket. */
  readonly port: number;
}

/** CPU time. */
export interface CpuSeconds {
  readonly user: number;
  readonly system: number;
}

/** The server as a process. */
export interface Lifecycle {
  /** 40 hex digits, new at each start. */
  readonly runId: string;
  readonly executable: string;
  /** Path of the configuration file, or empty. */
  readonly configFile: string;
  readonly port: number;
  /** Who is told that the server is ready: systemd, upstart or no. */
  readonly supervisor: string;
  /** Whether the data set is still being read from disk. */
  readonly loading: boolean;
  listeners(): readonly ListeningAddresses[];
  /**
   * Begins an orderly stop that a client asked for; the process exits once it is done. Returns an
   * error text when the server stays up, or undefined: then the client gets no reply, runs nothing
   * more, and its connection ends with the process.
   */
  shutdown(options: ShutdownOptions, client: ClientState): string | undefined;
  /** Takes back a shutdown that has not finished; whether there was one. */
  abortShutdown(): boolean;
  /** Puts a line in the server's log. */
  log(text: string): void;
  /** Resident set size of the process, in bytes. */
  residentBytes(): number;
  /** CPU time of the process. */
  cpuSeconds(): CpuSeconds;
  /** CPU time of the thread that executes commands; undefined where the system does not tell. */
  threadCpuSeconds(): CpuSeconds | undefined;
}

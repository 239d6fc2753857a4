/**
 * Starts and stops the servers under test: each a child process on a free loopback port, in its own
 * folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const START_MS_MAX = 15_000;
const STOP_MS_MAX = 5_000;
const OUTPUT_BYTES_KEPT = 4_000;
const REDSTART_CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

/**
 * How to start a server: its name in reports and a command line to which port and flags are added.
 */
export interface ServerCommand {
  readonly name: string;
  readonly command: readonly string[];
}

/** Redstart as it was built, run by the node binary given. */
export function redstartCommand(node: string): ServerCommand {
  return { name: 'Redstart', command: [node, REDSTART_CLI] };
}

export const redisCommand: ServerCommand = { name: 'Redis', command: ['redis-server'] };

/** A server from a command line typed by hand, words separated by spaces. */
export function typedCommand(line: string): ServerCommand {
  const command = line.trim().split(/\s+/);
  return { name: 'Subject', command };
}

export class Server {
  readonly name: string;
  readonly port: number;
  readonly commandLine: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #output = '';

  private constructor(name: string, port: number, child: ChildProcess, folder: string) {
    this.name = name;
    this.port = port;
    this.commandLine = child.spawnargs.join(' ');
    this.#child = child;
    this.#folder = folder;
    const keep = (data: Buffer) => {
      this.#output = (this.#output + data.toString()).slice(-OUTPUT_BYTES_KEPT);
    };
    child.stdout!.on('data', keep);
    child.stderr!.on('data', keep);
  }

  /** Starts a server without persistence and waits until it answers PING. */
  static async start(how: ServerCommand): Promise<Server> {
    const [program, ...given] = how.command;
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'redstart-bench-'));
    const flags = ['--port', String(port), '--save', '', '--appendonly', 'no'];
    const child = spawn(program!, [...given, ...flags], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    const server = new Server(how.name, port, child, folder);
    try {
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      await server.#waitForPong();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} was never started`);
    return this.#child.pid;
  }

  /** Throws, with the last output of the server, when its process has ended. */
  assertRunning(): void {
    if (this.#isRunning()) return;
    const end = this.#child.signalCode ?? `code ${this.#child.exitCode}`;
    throw new Error(`${this.name} ended with ${end}. Its last output:\n${this.#output}`);
  }

  /** Ends the process, by force when it does not go by itself, and removes its folder. */
  async stop(): Promise<void> {
    if (this.#isRunning()) {
      const exited = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX);
      await exited;
      clearTimeout(force);
    }
    running.delete(this.#child);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  async #waitForPong(): Promise<void> {
    const deadline = performance.now() + START_MS_MAX;
    while (!(await answersPing(this.port))) {
      this.assertRunning();
      if (performance.now() > deadline) {
        throw new Error(`${this.name} did not answer PING. Its last output:\n${this.#output}`);
      }
      await sleep(20);
    }
  }
}

/** Starts several servers; stops those already up when one fails. */
export async function startServers(commands: readonly ServerCommand[]): Promise<Server[]> {
  const servers: Server[] = [];
  try {
    for (const command of commands) servers.push(await Server.start(command));
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  }
}

/** Servers must not outlive the benchmark, however it ends. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('connect', () => socket.write('*1\r\n$4\r\nPING\r\n'));
    socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
  });
}

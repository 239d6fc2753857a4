/** What loading a snapshot takes, and what the append-only file costs each command that writes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpuMicrosBetween, readCpu } from './cpu.ts';
import { runRedisBenchmark } from './redis-benchmark.ts';
import { Server, type ServerCommand } from './servers.ts';

const CLIENTS = 50;
const PIPELINE = 16;

/** How one start went: milliseconds until the first PONG, and CPU until then. */
export interface StartFigures {
  readonly tookMs: number;
  readonly cpuMs: number;
}

/** Starts a server with the snapshot in a directory, or with none, and ends it. */
export async function measureStart(how: ServerCommand, dir: string): Promise<StartFigures> {
  const startMs = performance.now();
  const command = [...how.command, '--dir', dir, '--dbfilename', 'dump.rdb'];
  const server = await Server.start({ ...how, command });
  try {
    const tookMs = performance.now() - startMs;
    const { processMicros, threads } = readCpu(server.pid);
    const micros = [...threads.values()].reduce((all, nanos) => all + nanos / 1000, 0);
    return { tookMs, cpuMs: Math.max(micros, processMicros) / 1000 };
  } finally {
    await server.stop();
  }
}

/** CPU microseconds of the server per SET of 64 bytes at pipeline 16. */
export async function microsPerSet(server: Server, requests: number, keys: number) {
  const before = readCpu(server.pid);
  const { commands } = await runRedisBenchmark({
    port: server.port,
    clients: CLIENTS,
    pipeline: PIPELINE,
    requests,
    keyspace: keys,
    command: ['SET', 'key:__rand_int__', 'x'.repeat(64)],
  });
  return cpuMicrosBetween(before, readCpu(server.pid)) / commands;
}

/** Rids the page cache of what would be written to the disk in the middle of a measurement. */
export async function settleDisk(): Promise<void> {
  await once(spawn('sync'), 'exit');
}

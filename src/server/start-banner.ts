/** What a server says when it starts: what it is, how it is set up, and what is unwise. */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { REDIS_VERSION, REDSTART_VERSION } from '../commands/version.ts';
import type { Config } from '../engine/config.ts';
import type { Log } from '../engine/log.ts';
import { isLoopback } from '../engine/loopback.ts';

/** What the machine gives the process. */
export interface MachineFacts {
  /** Memory that it may take: that of its control group, or all there is. */
  readonly memoryBytes: number;
  /** Connections that the kernel lets wait to be accepted; Infinity where it does not say. */
  readonly backlogMax: number;
}

/** Part of the memory beyond which maxmemory leaves too little for the process itself. */
const MEMORY_SHARE_MAX = 0.8;

const GROUP_LIMITS = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'];
const BACKLOG_FILE = '/proc/sys/net/core/somaxconn';

/** Logs the banner and the warnings. */
export function logStart(config: Config, log: Log, machine: MachineFacts = machineFacts()): void {
  log.notice('Redstart is starting', banner(config));
  for (const warning of startWarnings(config, machine)) log.warning(warning);
}

/** How the server is set up, as far as that matters to who reads its log. */
function banner({ values, source }: Config): object {
  const memory = values.maxmemory === 0 ? 'no limit' : values.maxmemory;
  const points = values.save.map(({ seconds, changes }) => `${seconds} ${changes}`).join(' ');
  return {
    version: REDSTART_VERSION,
    redis: REDIS_VERSION,
    node: process.version,
    processId: process.pid,
    mode: 'standalone',
    port: values.port,
    bind: values.bind.join(' '),
    ...(values['text-port'] !== 0 && { textPort: values['text-port'] }),
    ...(values['http-port'] !== 0 && { httpPort: values['http-port'] }),
    maxmemory: memory,
    ...(values.maxmemory !== 0 && { policy: values['maxmemory-policy'] }),
    save: points === '' ? 'never' : points,
    appendonly: values.appendonly ? values.appendfsync : 'no',
    dir: values.dir,
    config: source.file ?? 'defaults',
  };
}

/** What is likely to be a mistake, one sentence each. */
export function startWarnings(config: Config, machine: MachineFacts): string[] {
  const { values } = config;
  const warnings = config.unheeded.map((name) => `The directive ${name} has no effect yet`);
  const isOpen = values.bind.some(isOutside) && values.port !== 0;
  if (isOpen && !values['protected-mode'] && values.requirepass === undefined) {
    warnings.push(
      'Whoever reaches the port is let in: protected mode is off and there is no password',
    );
  }
  if (values['http-port'] !== 0 && values['http-bind'].some(isOutside)) {
    warnings.push('The HTTP port is open to other machines, and asks nobody for a password');
  }
  if (values.maxmemory > machine.memoryBytes * MEMORY_SHARE_MAX) {
    warnings.push(
      `maxmemory is more than 80% of the memory that there is, ${machine.memoryBytes} bytes: the ` +
        'process, the buffers of clients and what is scattered come on top of it',
    );
  }
  if (values['tcp-backlog'] > machine.backlogMax) {
    warnings.push(
      `The tcp-backlog of ${values['tcp-backlog']} cannot be had: ${BACKLOG_FILE} allows ` +
        `${machine.backlogMax}`,
    );
  }
  return warnings;
}

/** Whether other machines can reach an address as `bind` has it. */
function isOutside(written: string): boolean {
  const address = written.replace(/^-/, '');
  return !isLoopback(address) && address !== 'localhost';
}

function machineFacts(): MachineFacts {
  const limits = GROUP_LIMITS.map((path) => numberIn(path)).filter((limit) => limit !== undefined);
  const backlogMax = numberIn(BACKLOG_FILE) ?? Number.POSITIVE_INFINITY;
  return { memoryBytes: Math.min(totalmem(), ...limits), backlogMax };
}

/** The number that a file of the kernel holds, undefined where there is none to be read. */
function numberIn(path: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'latin1').trim();
  } catch {
    // There are systems without it, and containers that keep it shut: then nothing is known.
    return undefined;
  }
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

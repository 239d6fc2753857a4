/** The program behind the `redstart` command: redis-server's command line. */
import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { REDIS_VERSION, REDSTART_VERSION } from './commands/version.ts';
import type { Config } from './engine/config.ts';
import { ConfigurationError, refusedConfiguration } from './engine/config-error.ts';
import { loadConfiguration } from './engine/config-file.ts';
import { checkAof } from './persistence/check-aof.ts';
import { checkRdb } from './persistence/check-rdb.ts';
import { SnapshotLoadError } from './persistence/snapshots.ts';
import { Redstart } from './redstart.ts';
import { Rehearsal } from './rehearsal/rehearsal.ts';
import { letMainThreadPrevail } from './server/compiler-threads.ts';
import { lowerClientsMax } from './server/file-limit.ts';
import { loadingBar } from './server/loading-bar.ts';
import { createLogger, LogFileError, type Logger } from './server/logger.ts';
import { followProcessTitle } from './server/process-title.ts';
import { logStart } from './server/start-banner.ts';
import { Supervision } from './server/supervision.ts';
import { ListenError } from './server/tcp-sockets.ts';
import { usage } from './server/usage.ts';

/** How a signal shuts the server down. */
type SignalOptions = Config['values']['shutdown-on-sigterm'];

/**
 * Does what the command line says. `keepCompiled` is called when the server is ready, and answers
 * why it could not do its work.
 */
export async function main(
  argv: readonly string[],
  keepCompiled: () => string | undefined,
): Promise<void> {
  if (argv.length === 1 && (argv[0] === '-v' || argv[0] === '--version')) {
    print(`Redstart v=${REDSTART_VERSION} redis=${REDIS_VERSION} node=${process.version}`);
    return;
  }
  if (argv.length === 1 && (argv[0] === '-h' || argv[0] === '--help')) {
    print(usage());
    return;
  }
  if (argv[0] === 'check-rdb') {
    process.exitCode = checkRdb(argv.slice(1), print);
    return;
  }
  if (argv[0] === 'check-aof') {
    process.exitCode = checkAof(argv.slice(1), print);
    return;
  }
  const config = await readConfiguration(argv);
  if (config === undefined) return;
  await serve(config, keepCompiled);
}

/** The configuration, or undefined when it is at fault, which has been said. */
async function readConfiguration(argv: readonly string[]): Promise<Config | undefined> {
  try {
    const config = await loadConfiguration(argv, readStdin, { version: REDIS_VERSION });
    refuseUnheededProtection(config);
    return config;
  } catch (problem) {
    if (!(problem instanceof ConfigurationError)) throw problem;
    process.stderr.write(`${problem.message}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

/** Who restricts users or hides commands must not be left believing that it is done. */
function refuseUnheededProtection({ source }: Config): void {
  const declaration = source.users[0] ?? source.renames[0];
  if (declaration === undefined) return;
  const reason = 'users and renamed commands are not supported yet';
  throw refusedConfiguration(REDIS_VERSION, declaration.origin, reason);
}

async function serve(config: Config, keepCompiled: () => string | undefined): Promise<void> {
  letMainThreadPrevail();
  const { values } = config;
  const log = openLog(config);
  if (log === undefined) return;
  config.onChange('loglevel', (level) => {
    log.level = level;
    return undefined;
  });
  const pidFile = values.pidfile === '' ? '' : resolve(values.dir, values.pidfile);
  const exit = (): void => {
    if (pidFile !== '') rmSync(pidFile, { force: true });
    log.warning('Redstart is now ready to exit, bye bye...');
    process.exit(0);
  };
  const progress = loadingBar();
  const supervision = new Supervision(values.supervised, process.env, log);
  const redstart = new Redstart(config, {
    log,
    onShutdown: exit,
    supervisor: supervision.supervisor,
    ...(progress !== null && { progress }),
  });
  endOnSignals(redstart, log, supervision, exit);
  followProcessTitle(config, log);
  logStart(config, log);
  if (config.source.file === undefined && process.argv.length <= 2) {
    log.warning('No config file specified, using the default config');
  }
  lowerClientsMax(config, log);
  process.on('uncaughtException', (problem) => {
    log.warning('Redstart has met a fault of its own and cannot go on', { reason: problem.stack });
    process.exit(1);
  });
  redstart.start();
  supervision.starting();
  const loading = redstart.load();
  const listening = redstart.listen();
  try {
    await Promise.all([loading, listening]);
  } catch (problem) {
    if (!(problem instanceof ListenError || problem instanceof SnapshotLoadError)) throw problem;
    log.warning(`${problem.message}, aborting.`);
    process.exitCode = 1;
    // A file may be refused before the ports are open; those would stay open.
    await listening.catch(() => undefined);
    await redstart.stop();
    return;
  }
  if (pidFile !== '') writePidFile(pidFile, log);
  const notKept = keepCompiled();
  if (notKept !== undefined) log.verbose('Each start compiles the program', { reason: notKept });
  const { httpPort } = redstart.ports;
  log.notice('Ready to accept connections', {
    port: values.port,
    ...(httpPort !== 0 && { httpPort }),
  });
  supervision.ready();
  // Who opens no TCP port should not find one open that the rehearsal has opened.
  if (values.rehearsal && values.port !== 0) void new Rehearsal(redstart, log).run();
}

/**
 * Ends the server on SIGTERM and SIGINT, also while it loads: where it is the first process of a
 * container, the system would not do that.
 */
function endOnSignals(
  redstart: Redstart,
  log: Logger,
  supervision: Supervision,
  exit: () => void,
): void {
  const { values } = redstart.config;
  let isStopping = false;
  const end = (signal: string, { save, nosave, now, force }: SignalOptions): void => {
    if (isStopping) process.exit(1);
    log.warning(`Received ${signal}, scheduling shutdown...`);
    const saving = save ? 'save' : nosave ? 'nosave' : 'default';
    if (redstart.saveAtShutdown({ save: saving, now, force }) !== undefined) {
      log.warning(`${signal} received, but the data cannot be saved: Redstart goes on`);
      return;
    }
    isStopping = true;
    supervision.stopping();
    void redstart.stop().then(exit);
  };
  process.on('SIGTERM', () => end('SIGTERM', values['shutdown-on-sigterm']));
  process.on('SIGINT', () => end('SIGINT', values['shutdown-on-sigint']));
}

/** The log, or undefined when it cannot be opened, which has been said. */
function openLog({ values }: Config): Logger | undefined {
  const file = values.logfile === '' ? '' : resolve(values.dir, values.logfile);
  try {
    return createLogger(values.loglevel, file);
  } catch (problem) {
    if (!(problem instanceof LogFileError)) throw problem;
    process.stderr.write(`${problem.message}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

function writePidFile(path: string, log: Logger): void {
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (problem) {
    log.warning('Failed to write PID file', { path, reason: String(problem) });
  }
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function print(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`);
}

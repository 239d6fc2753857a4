/** The log through pino: readable on a terminal, JSON lines otherwise. */
import { createRequire } from 'node:module';
import { type DestinationStream, pino } from 'pino';
import { systemReason } from '../engine/config-error.ts';
import type { Log } from '../engine/log.ts';

/** Redis's levels, and what they are in pino's numbers. */
const LEVELS = { debug: 20, verbose: 25, notice: 30, warning: 40 } as const;

export type LogLevel = keyof typeof LEVELS | 'nothing';

const require = createRequire(import.meta.url);

/** A log whose level can change. */
export interface Logger extends Log {
  level: LogLevel;
}

/** The log file cannot be opened. */
export class LogFileError extends Error {
  override name = 'LogFileError';
}

/**
 * Logs to a file, or to standard output when `file` is empty. Throws LogFileError.
 */
export function createLogger(level: LogLevel, file: string): Logger {
  const logger = pino(
    {
      customLevels: LEVELS,
      useOnlyCustomLevels: true,
      level: pinoLevel(level),
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination(file),
  );
  return {
    get level(): LogLevel {
      return logger.level === 'silent' ? 'nothing' : (logger.level as LogLevel);
    },
    set level(value: LogLevel) {
      logger.level = pinoLevel(value);
    },
    debug: (message, fields = {}) => logger.debug(fields, message),
    verbose: (message, fields = {}) => logger.verbose(fields, message),
    notice: (message, fields = {}) => logger.notice(fields, message),
    warning: (message, fields = {}) => logger.warning(fields, message),
  };
}

function pinoLevel(level: LogLevel): string {
  return level === 'nothing' ? 'silent' : level;
}

function destination(file: string): DestinationStream {
  if (file === '' && process.stdout.isTTY) {
    // Loaded here and not imported: who writes to a file or a pipe does without.
    const { PinoPretty } = require('pino-pretty') as typeof import('pino-pretty');
    return PinoPretty({
      colorize: true,
      customLevels: LEVELS,
      ignore: 'pid,hostname',
      translateTime: 'SYS:dd mmm yyyy HH:MM:ss.l',
      sync: true,
    });
  }
  try {
    return pino.destination({ dest: file || 1, append: true, mkdir: false, sync: true });
  } catch (problem) {
    throw new LogFileError(`Can't open the log file '${file}': ${systemReason(problem)}`);
  }
}

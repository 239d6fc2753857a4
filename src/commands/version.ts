/** What this is, and what it speaks like. */

/** That of package.json. */
export const REDSTART_VERSION = '0.1.0';

/**
 * The Redis whose commands, replies and files these are: what clients look at to know what they may
 * send.
 */
export const REDIS_VERSION = '7.2.4';

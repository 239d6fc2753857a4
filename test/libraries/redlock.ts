import { createRequire } from 'node:module';

// The package has types, and does not export them.
type Declared = typeof import('../../node_modules/redlock/dist/index.d.ts');

const redlock: Declared = createRequire(import.meta.url)('redlock');

/** What redlock makes of servers and settings: something that locks. */
export const Redlock = redlock.default;
export type Redlock = InstanceType<typeof Redlock>;

/** What redlock rejects with when there was no majority for what it was asked. */
export const ExecutionError = redlock.ExecutionError;
export type ExecutionError = InstanceType<typeof ExecutionError>;

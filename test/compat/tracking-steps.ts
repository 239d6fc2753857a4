import { anyValueOf, masked, picked } from './normalise.ts';
import { type Line, on, type Step } from './script.ts';

/** Says that nothing else has come: the next reply is this one. */
export const nothingElse = (connection = 'main'): Step => on(connection, 'PING nothing-else');

/** Says what differs from server to server and from run to run for itself. */
export const hello3 = () => anyValueOf('HELLO 3', 'version', 'id');
export const hello2 = () => anyValueOf('HELLO 2', 'version', 'id');

/** Main tracks in RESP3, whatever the script's protocol. */
export const tracking = (...options: readonly string[]) => [
  hello3(),
  ['CLIENT', 'TRACKING', 'ON', ...options],
];

/** Ids of clients differ. */
export const anyId = (line: Line) => masked(line, /^:\d+$/, ':<id>');

/** Fields of INFO, of this server's clients that track. */
export const figures = picked('INFO stats', /^tracking_total_\w+:\d+/gm);

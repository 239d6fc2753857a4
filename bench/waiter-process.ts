/**
 * Child process that holds many clients waiting in BLPOP, and tells how many were served. Elements
 * are numbered in the order in which they are pushed, and it checks that clients get them in turn.
 */
import { connect, type Socket } from 'node:net';
import { runCommand } from './command-line.ts';
import { encodeCommand } from './requests.ts';

export interface WaitOrder {
  readonly port: number;
  /** The lists that they wait for, the first client for the first, and so on in turn. */
  readonly lists: readonly string[];
  readonly waiters: number;
  /**
   * How many elements sooner or later than all others a client may be served again: those who were
   * served together wait anew in the order in which the system tells of their replies.
   */
  readonly disorderMax: number;
}

/** Sent to the child: tell when so many were served. */
export interface Expectation {
  readonly served: number;
}

/** Sent by it: once when all have said that they wait, and then when so many were served. */
export type WaiterReport = 'waiting' | 'served';

const { port, lists, waiters, disorderMax } = JSON.parse(process.argv[2]!) as WaitOrder;
let served = 0;
let servedExpected = Number.POSITIVE_INFINITY;

function tell(report: WaiterReport): void {
  process.send!(report);
}

function tellIfServed(): void {
  if (served < servedExpected) return;
  served -= servedExpected;
  servedExpected = Number.POSITIVE_INFINITY;
  tell('served');
}

/** Throws unless everyone else was served since this client was, with the element before this. */
function checkTurn(before: number, element: number): void {
  if (before < 0 || Math.abs(element - before - waiters) <= disorderMax) return;
  throw new Error(`out of turn: element ${element} after ${before}, of ${waiters} clients`);
}

/** The number of the element in a reply: its last line but the end. */
function elementOf(reply: Buffer): number {
  return Number(reply.toString('latin1', reply.lastIndexOf('-') + 1, reply.length - 2));
}

/** Waits for a list, again and again: whoever is served waits anew at once. */
function wait(list: string): Promise<void> {
  const command = encodeCommand(['BLPOP', list, '0']);
  return new Promise((resolve, reject) => {
    let before = -1;
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.write(command);
      resolve();
    });
    socket.on('data', (reply) => {
      if (reply[0] !== '*'.charCodeAt(0)) throw new Error(`in place of an element: ${reply}`);
      socket.write(command);
      const element = elementOf(reply);
      checkTurn(before, element);
      before = element;
      served++;
      tellIfServed();
    });
    socket.once('close', () => {
      throw new Error('the server closed a waiting client');
    });
  });
}

runCommand(async () => {
  process.on('message', (expectation: Expectation) => {
    servedExpected = expectation.served;
    tellIfServed();
  });
  for (let i = 0; i < waiters; i++) await wait(lists[i % lists.length]!);
  tell('waiting');
});

/** Child process that holds many subscribers of one channel and tells how far they have read. */
import { connect, type Socket } from 'node:net';
import { runCommand } from './command-line.ts';
import { encodeCommand } from './requests.ts';

export interface SubscribeOrder {
  readonly port: number;
  readonly channel: string;
  readonly subscribers: number;
}

/** Sent to the child: tell when so many bytes of messages have come, all subscribers together. */
export interface Expectation {
  readonly bytes: number;
}

/** Sent by it: once when all are subscribed, and then when what was expected has come. */
export type SubscriberReport = 'subscribed' | 'read';

const CONFIRMATION = 'subscribe';

const { port, channel, subscribers } = JSON.parse(process.argv[2]!) as SubscribeOrder;
let bytesRead = 0;
let bytesExpected = Number.POSITIVE_INFINITY;

function tell(report: SubscriberReport): void {
  process.send!(report);
}

function tellIfRead(): void {
  if (bytesRead < bytesExpected) return;
  bytesRead -= bytesExpected;
  bytesExpected = Number.POSITIVE_INFINITY;
  tell('read');
}

/** Resolves once it is subscribed; what it reads from then on counts. */
function subscribe(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => socket.write(encodeCommand(['SUBSCRIBE', channel])));
    socket.once('data', (first) => {
      if (!first.includes(CONFIRMATION)) reject(new Error(first.toString()));
      socket.on('data', (data) => {
        bytesRead += data.length;
        tellIfRead();
      });
      resolve();
    });
    socket.once('close', () => reject(new Error('the server closed a subscriber')));
  });
}

runCommand(async () => {
  process.on('message', ({ bytes }: Expectation) => {
    bytesExpected = bytes;
    tellIfRead();
  });
  for (let i = 0; i < subscribers; i++) await subscribe();
  tell('subscribed');
});

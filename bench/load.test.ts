import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { runLoad } from './load.ts';
import { encodeCommand, templateBatches } from './requests.ts';

let server: Server | undefined;
afterEach(() => server?.close());

const ping = encodeCommand(['PING']);
const tenPings = () => templateBatches(['PING'], { from: 0, to: 10 }, 2);

/**
 * A server that calls `answer` once per received PING, with the number of PINGs it has seen so far.
 */
async function serve(answer: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0;
  server = createServer((socket) => {
    let pending = 0;
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      for (pending += data.length; pending >= ping.length; pending -= ping.length) {
        answer(socket, ++count);
      }
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('every request is sent once and every reply awaited', async () => {
  let seen = 0;
  const port = await serve((socket, count) => {
    seen = count;
    setTimeout(() => socket.write('+PONG\r\n'), 2);
  });
  const progress: number[] = [];
  const result = await runLoad(tenPings(), {
    port,
    connections: 3,
    onProgress: (commands) => progress.push(commands),
  });
  expect(seen).toBe(10);
  expect(result.commands).toBe(10);
  expect(result.latenciesMs).toHaveLength(5);
  expect(Math.min(...result.latenciesMs)).toBeGreaterThan(0.5);
  expect(progress.at(-1)).toBe(10);
});

test('an error reply rejects', async () => {
  const port = await serve((socket, count) =>
    socket.write(count === 7 ? '-ERR no\r\n' : '+OK\r\n'),
  );
  await expect(runLoad(tenPings(), { port, connections: 2 })).rejects.toThrow('ERR no');
});

test('a reply too many rejects', async () => {
  const port = await serve((socket) => socket.write('+OK\r\n+OK\r\n'));
  await expect(runLoad(tenPings(), { port, connections: 1 })).rejects.toThrow('more replies');
});

test('a lost connection rejects', async () => {
  const port = await serve((socket, count) => {
    if (count === 5) socket.destroy();
    else socket.write('+OK\r\n');
  });
  await expect(runLoad(tenPings(), { port, connections: 2 })).rejects.toThrow();
});

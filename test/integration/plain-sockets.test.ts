import { afterEach, describe, expect, it } from 'vitest';
import { Config } from '../../src/engine/config.ts';
import { Settings } from '../../src/engine/config-settings.ts';
import { Redstart } from '../../src/redstart.ts';
import { Listener } from '../../src/server/listener.ts';
import { Server } from '../../src/server/server.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { encodeCommand } from '../support/resp-client.ts';

const BIG = 'b'.repeat(4 * 1024 * 1024);

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A connection to a server whose sockets have no handle that it could write to. */
async function connectPlainly(): Promise<RawSocket> {
  const redstart = new Redstart(new Config(new Settings(process.cwd())));
  const settings = {
    maxClients: 10,
    protectedMode: true,
    passwordSet: false,
    idleSecondsMax: 0,
    keepAliveSeconds: 0,
    textReplies: 'quoted',
  } as const;
  const server = new Server(
    redstart.engine,
    () => settings,
    () => null,
  );
  const listener = new Listener(server, 'tcp');
  await listener.listenTcp({ port: 0, addresses: ['127.0.0.1'], backlog: 16 });
  const client = await RawSocket.connect(listener.port);
  closing.push(async () => {
    client.close();
    server.closeAll();
    await listener.close();
    await redstart.stop();
  });
  return client;
}

describe('A socket without a handle', () => {
  it('answers', async () => {
    const client = await connectPlainly();
    await client.command('PING');
    await client.expect('+PONG\r\n');
    await client.command('CLIENT', 'INFO');
    await client.command('QUIT');
    expect(`${await client.takeAll()}`).toMatch(/ fd=-1 [^\n]* omem=0 [\s\S]*\+OK\r\n$/);
  });

  it('answers a pipeline in its order', async () => {
    const client = await connectPlainly();
    const commands = Array.from({ length: 500 }, () => encodeCommand(['INCR', 'n']));
    await client.write(Buffer.concat(commands));
    await client.expect(Array.from({ length: 500 }, (_, i) => `:${i + 1}\r\n`).join(''));
  });

  it('keeps big replies for a client that reads late', async () => {
    const client = await connectPlainly();
    await client.command('SET', 'big', BIG);
    await client.expect('+OK\r\n');
    client.pause();
    const pieces = Array.from({ length: 4 }, () => [['GET', 'big'], ['PING']]).flat();
    await client.write(Buffer.concat(pieces.map((words) => encodeCommand(words))));
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.resume();
    for (let i = 0; i < 4; i++) await client.expect(`$${BIG.length}\r\n${BIG}\r\n+PONG\r\n`);
  });

  it('gets its replies when it has closed its own direction, and is closed then', async () => {
    const client = await connectPlainly();
    await client.command('SET', 'big', BIG);
    await client.command('GET', 'big');
    client.endWriting();
    await client.expect(`+OK\r\n$${BIG.length}\r\n${BIG}\r\n`);
    await expect.poll(() => client.ending).toBe('closed');
  });
});

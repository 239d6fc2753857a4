/** Message queues of rsmq, which is nothing but scripts, sorted sets and hashes. */
import { setTimeout as sleep } from 'node:timers/promises';
import RedisSMQ from 'rsmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
let rsmq: RedisSMQ;

beforeAll(async () => {
  server = await startTestServer();
  rsmq = new RedisSMQ({ host: '127.0.0.1', port: server.port });
});
afterAll(async () => {
  await new Promise((resolve) => rsmq.quit(resolve));
  await server.stop();
});

type Message = RedisSMQ.QueueMessage;

describe('rsmq', () => {
  it('hides a message that is received, until it is deleted or its time is over', async () => {
    const qname = 'hiding';
    await rsmq.createQueueAsync({ qname, vt: 1 });
    const id = await rsmq.sendMessageAsync({ qname, message: 'wörk' });
    const first = (await rsmq.receiveMessageAsync({ qname })) as Message;
    expect(first).toMatchObject({ id, message: 'wörk', rc: 1 });
    expect(Math.abs(Date.now() - first.sent)).toBeLessThan(10_000);
    expect(await rsmq.receiveMessageAsync({ qname })).toEqual({});
    await sleep(1_050);
    expect(await rsmq.receiveMessageAsync({ qname, vt: 60 })).toMatchObject({ id, rc: 2 });
    expect(await rsmq.changeMessageVisibilityAsync({ qname, id, vt: 0 })).toBe(1);
    expect(await rsmq.receiveMessageAsync({ qname })).toMatchObject({ id, rc: 3 });
    expect(await rsmq.deleteMessageAsync({ qname, id })).toBe(1);
    expect(await rsmq.deleteMessageAsync({ qname, id })).toBe(0);
  });

  it('gives each of many messages to one of many receivers, the oldest first', async () => {
    const qname = 'many';
    await rsmq.createQueueAsync({ qname });
    const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
    for (const message of texts) await rsmq.sendMessageAsync({ qname, message });
    const oldest = (await rsmq.popMessageAsync({ qname })) as Message;
    expect(oldest.message).toBe('message 0');
    const rest = texts.slice(1).map(() => rsmq.receiveMessageAsync({ qname }));
    const received = (await Promise.all(rest)) as Message[];
    expect(received.map(({ message }) => message).toSorted()).toEqual(texts.slice(1).toSorted());
    expect(await rsmq.popMessageAsync({ qname })).toEqual({});
    const attributes = await rsmq.getQueueAttributesAsync({ qname });
    expect(attributes).toMatchObject({ msgs: 99, hiddenmsgs: 99, totalrecv: 100, totalsent: 100 });
  });

  it('holds a message back for its delay, and bounds its size', async () => {
    const qname = 'delayed';
    await rsmq.createQueueAsync({ qname, delay: 1, maxsize: 1_024 });
    await rsmq.sendMessageAsync({ qname, message: 'late' });
    await rsmq.sendMessageAsync({ qname, message: 'now', delay: 0 });
    expect(await rsmq.popMessageAsync({ qname })).toMatchObject({ message: 'now' });
    expect(await rsmq.popMessageAsync({ qname })).toEqual({});
    await sleep(1_050);
    expect(await rsmq.popMessageAsync({ qname })).toMatchObject({ message: 'late' });
    const tooLong = rsmq.sendMessageAsync({ qname, message: 'x'.repeat(1_025) });
    await expect(tooLong).rejects.toThrow('Message too long');
  });

  it('lists, changes and deletes queues', async () => {
    await rsmq.createQueueAsync({ qname: 'listed' });
    await expect(rsmq.createQueueAsync({ qname: 'listed' })).rejects.toThrow('Queue exists');
    expect(await rsmq.listQueuesAsync()).toContain('listed');
    const changed = await rsmq.setQueueAttributesAsync({ qname: 'listed', vt: 7, delay: 3 });
    expect(changed).toMatchObject({ vt: 7, delay: 3, maxsize: 65_536, msgs: 0 });
    expect(await rsmq.deleteQueueAsync({ qname: 'listed' })).toBe(1);
    expect(await rsmq.listQueuesAsync()).not.toContain('listed');
    const gone = rsmq.sendMessageAsync({ qname: 'listed', message: 'to nobody' });
    await expect(gone).rejects.toThrow('Queue not found');
  });
});

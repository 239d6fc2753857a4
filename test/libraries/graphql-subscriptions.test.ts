/** Subscriptions of GraphQL over graphql-redis-subscriptions. */
import { buildSchema, type ExecutionResult, parse, subscribe } from 'graphql';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, startTestServer } from '../support/server.ts';

let server: RunningServer;
let here: RedisPubSub;
let there: RedisPubSub;

beforeAll(async () => {
  server = await startTestServer();
  const connection = { host: '127.0.0.1', port: server.port };
  [here, there] = [new RedisPubSub({ connection }), new RedisPubSub({ connection })];
});
afterAll(async () => {
  await Promise.all([here.close(), there.close()]);
  await server.stop();
});

const schema = buildSchema(`
  type Message { room: String!, text: String!, likes: Int! }
  type Query { nothing: String }
  type Subscription { said(room: String!): Message! }
`);

/** Subscribes as a server of GraphQL does for one of its users. */
async function listen(room: string): Promise<AsyncGenerator<ExecutionResult>> {
  const rootValue = {
    said: (query: { room: string }) => here.asyncIterator(`said.${query.room}`),
  };
  const document = parse('subscription ($room: String!) { said(room: $room) { text likes } }');
  const result = await subscribe({ schema, document, rootValue, variableValues: { room } });
  if (!('next' in result)) throw new Error(JSON.stringify(result.errors));
  return result;
}

describe('graphql-redis-subscriptions', () => {
  it('brings what one server publishes to the subscribers of another, by room', async () => {
    const [den, attic] = [await listen('den'), await listen('attic')];
    const heard = Promise.all([den.next(), attic.next(), den.next()]);
    const client = there.getPublisher();
    await expect
      .poll(() => client.pubsub('NUMSUB', 'said.den', 'said.attic'))
      .toEqual(['said.den', 1, 'said.attic', 1]);
    // What comes back on that connection comes behind the confirmation of the subscriptions.
    await here.getSubscriber().ping();
    const say = (room: string, text: string, likes: number) => {
      return there.publish(`said.${room}`, { said: { room, text, likes } });
    };
    await say('den', 'ünder', 1);
    await say('attic', 'over', 2);
    await say('cellar', 'to nobody', 3);
    await say('den', 'again', 4);
    expect((await heard).map(({ value }) => value.data.said)).toEqual([
      { text: 'ünder', likes: 1 },
      { text: 'over', likes: 2 },
      { text: 'again', likes: 4 },
    ]);
    await Promise.all([den.return(undefined), attic.return(undefined)]);
    await expect.poll(() => client.pubsub('CHANNELS')).toEqual([]);
  });

  it('subscribes to patterns', async () => {
    const heard: unknown[] = [];
    const id = await here.subscribe('news.*', (message) => heard.push(message), { pattern: true });
    await there.publish('news.sport', { score: [2, 1] });
    await there.publish('old', 'unheard');
    await there.publish('news.weather', 'rain');
    await expect.poll(() => heard).toEqual([{ score: [2, 1] }, 'rain']);
    here.unsubscribe(id);
    await expect.poll(() => there.getPublisher().pubsub('NUMPAT')).toBe(0);
  });
});

// An engine inside of a program: a cache with a limit, shared with other processes for a while.
// Run: npx tsx examples/embedded.ts       In a program of your own: import ... from 'redstart'
import { openRedstart, ReplyError } from '../src/index.ts';

const db = await openRedstart({ maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru' });

db.call('SET', 'greeting', 'hello', 'EX', 60);
console.log(db.call('GET', 'greeting'), db.call('TTL', 'greeting'));
console.log(db.callBuffer('GET', 'greeting'));
console.log(db.call('MGET', ['greeting', 'missing']));

try {
  db.call('INCR', 'greeting');
} catch (problem) {
  if (!(problem instanceof ReplyError)) throw problem;
  console.log(`${problem.code}: ${problem.message}`);
}

const started = performance.now();
const count = 100_000;
for (let i = 0; i < count; i++) db.call('SET', `key:${i}`, i);
const milliseconds = performance.now() - started;
console.log(`${count} keys in ${milliseconds.toFixed(0)} ms`);

const { port, textPort } = await db.listen({ port: 0, textPort: 0 });
console.log(`until the next second: redis-cli -p ${port}, or nc 127.0.0.1 ${textPort}`);
await new Promise((resolve) => setTimeout(resolve, 1000));
await db.close();

// Compares the splitting of quoted lines with inline commands of a real redis-server, and `quote`
// with its MONITOR.
// Run: npx tsx src/protocol/quoting.fuzz.ts   (SEED=n repeats a run)

import { expectSame, fuzzAgainstRedis, type Oracle } from '../../test/support/oracle-fuzz.ts';
import { RespClient } from '../../test/support/resp-client.ts';
import type { Reply } from '../../test/support/resp-reply.ts';
import { quote, splitWords } from './quoting.ts';

const LINES = 4_000;
const QUOTED = 1_000;
const PIECES = [
  ...' \t\r\v\f\x07\x1b\x80\xffabnrtx01fFgG*$:',
  ...['"', '"', '"', "'", "'", "'", '\\', '\\', '\\', '" ', "' ", ' "', " '", '\\"', "\\'"],
  ...['\\x', '\\x0', '\\xa9', '\\xFf', '\\n', '\\q', '""', "''"],
];
/** An inline command that answers the words behind it. */
const ECHO_WORDS = 'EVAL "return ARGV" 0 ';

async function compare(oracle: Oracle): Promise<number> {
  let balanced = 0;
  let client = await RespClient.connect(oracle.port);
  for (let i = 0; i < LINES; i++) {
    let line = '';
    for (let left = oracle.random.integer(0, 12); left > 0; left--)
      line += oracle.random.pick(PIECES);
    client.sendBytes(Buffer.from(`${ECHO_WORDS}${line}\n`, 'latin1'));
    const words = splitWords(Buffer.from(line, 'latin1'))?.map((word) => word.toString('latin1'));
    const reply = await client.read();
    const unbalanced = 'ERR Protocol error: unbalanced quotes in request';
    expectSame(JSON.stringify(line), JSON.stringify(words ?? unbalanced), show(reply));
    if (words !== undefined) balanced++;
    if (reply.type !== 'error') continue;
    await client.close();
    client = await RespClient.connect(oracle.port);
  }
  await client.close();
  console.log(`quoting: ${balanced} of ${LINES} lines were balanced`);
  await compareMonitor(oracle);
  return LINES + QUOTED;
}

async function compareMonitor({ client, port, random }: Oracle): Promise<void> {
  const monitor = await RespClient.connect(port);
  await monitor.call('MONITOR');
  for (let i = 0; i < QUOTED; i++) {
    const bytes = Buffer.from(
      Array.from({ length: random.integer(0, 20) }, () => random.integer(0, 255)),
    );
    await client.call('ECHO', bytes);
    const line = await monitor.read();
    if (line.type !== 'simple') throw new Error(`unexpected ${JSON.stringify(line)}`);
    const shown = line.text.slice(line.text.indexOf('] ') + 2);
    expectSame(bytes.toString('hex'), `"ECHO" ${quote(bytes)}`, shown);
    const back = splitWords(Buffer.from(quote(bytes), 'latin1'));
    expectSame('read back', JSON.stringify(back), JSON.stringify([bytes]));
  }
  await monitor.close();
}

function show(reply: Reply): string {
  if (reply.type === 'error') return JSON.stringify(reply.text);
  if (reply.type !== 'array') throw new Error(`unexpected ${JSON.stringify(reply)}`);
  const words = reply.items.map((item) =>
    item.type === 'bulk' ? item.bytes.toString('latin1') : item,
  );
  return JSON.stringify(words);
}

await fuzzAgainstRedis('quoting', compare);

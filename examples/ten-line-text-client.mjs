// A client of the text protocol in ten lines: one line out, one line back.
// Run: redstart --text-port 6380 &   node examples/ten-line-text-client.mjs 6380
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const socket = connect(Number(process.argv[2] ?? 6380));
const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
const quote = (text) =>
  `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
async function ask(command, ...words) {
  socket.write(`${command} ${words.map(String).map(quote).join(' ')}\n`);
  const { value: line } = await lines.next();
  if (/^[A-Z][A-Z0-9_]* ./.test(line)) throw new Error(line);
  return line;
}

console.log(await ask('SET', 'greeting', 'hello world', 60));
console.log(await ask('GET', 'greeting'), await ask('TTL', 'greeting'));
console.log(await ask('DELETE', 'greeting'), await ask('GET', 'greeting'));
socket.end('QUIT\n');

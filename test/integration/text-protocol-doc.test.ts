/** The session in docs/text-protocol.md is what a server really says. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort, type RunningServer, startRedstart } from '../support/server.ts';
import { TextClient } from '../support/text-client.ts';

let server: RunningServer;
let client: TextClient;

beforeAll(async () => {
  const textPort = await freePort();
  server = await startRedstart(['--text-port', String(textPort)]);
  client = await TextClient.connect(textPort);
});
afterAll(async () => {
  client.close();
  await server.stop();
});

/** The exchanges of the `text` blocks: a question behind `> `, and its answer on the next line. */
function exchanges(document: string): string[][] {
  return [...document.matchAll(/^```text\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
    [...block.matchAll(/^> (.*)\n(.*)\n/gm)].map(([, question = '', answer = '']) => [
      question,
      answer,
    ]),
  );
}

it('answers as the documentation says', async () => {
  const path = new URL('../../docs/text-protocol.md', import.meta.url);
  const documented = exchanges(readFileSync(path, 'latin1'));
  expect(documented.length).toBeGreaterThan(20);
  for (const [question, answer] of documented) {
    expect([question, await client.ask(question!)]).toEqual([question, answer]);
  }
  expect(await client.readToEnd()).toBe('');
});

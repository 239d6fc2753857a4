import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { show } from '../support/engine.ts';
import { RespClient } from '../support/resp-client.ts';
import { type RunningServer, startTestServer } from '../support/server.ts';

const NOT_ALLOWED =
  '(error) ERR MODULE command not allowed. If the enable-module-command option is set to ' +
  '"local", you can run it from a local connection, otherwise you need to set this option in the ' +
  'configuration file, and then restart the server.';

describe.each([
  ['no', NOT_ALLOWED, NOT_ALLOWED],
  [
    'yes',
    '(error) ERR Error loading the extension. Please check the server logs.',
    '(error) ERR Error unloading module: no such module with that name',
  ],
])('with enable-module-command %s', (permission, notLoaded, notUnloaded) => {
  let server: RunningServer;
  let client: RespClient;
  beforeAll(async () => {
    server = await startTestServer(['--enable-module-command', permission]);
    client = await RespClient.connect(server.port);
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  it.each([
    ['MODULE LIST', '[]'],
    ['MODULE LIST x', "(error) ERR wrong number of arguments for 'module|list' command"],
    ['MODULE LOAD /nowhere/m.so', notLoaded],
    ['MODULE LOADEX /nowhere/m.so', notLoaded],
    ['MODULE UNLOAD m', notUnloaded],
    ['MODULE x', "(error) ERR unknown subcommand 'x'. Try MODULE HELP."],
    ['READONLY', '(error) ERR This instance has cluster support disabled'],
    ['READWRITE', '(error) ERR This instance has cluster support disabled'],
    ['ASKING', '(error) ERR This instance has cluster support disabled'],
  ])('%s', async (line, reply) => {
    expect(show(await client.call(...line.split(' '))).trimEnd()).toBe(reply);
  });
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask } from '../../test/support/http.ts';
import type { InfoSource } from '../commands/info/section.ts';
import { SILENT_LOG } from '../engine/log.ts';
import { HttpService } from './http-service.ts';

let isLoading: boolean;
let warnings: unknown[];
let service: HttpService;

beforeEach(async () => {
  isLoading = true;
  warnings = [];
  // Nothing else of it is there: a scrape fails.
  const services = {
    lifecycle: {
      get loading() {
        return isLoading;
      },
    },
  };
  const log = { ...SILENT_LOG, warning: (_: string, fields?: object) => warnings.push(fields) };
  service = new HttpService({ services } as unknown as InfoSource, log);
  await service.listen({ addresses: ['127.0.0.1'], port: 0, backlog: 5 });
});
afterEach(() => service.close());

it('is ready when data are loaded, and alive before', async () => {
  expect(await ask(service.port, '/readyz')).toMatchObject({ status: 503, body: 'loading\n' });
  expect(await ask(service.port, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
  isLoading = false;
  expect(await ask(service.port, '/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
});

it('says when metrics cannot be shown, and goes on', async () => {
  expect(await ask(service.port, '/metrics')).toMatchObject({ status: 500 });
  expect(warnings).toEqual([{ reason: expect.stringContaining('TypeError') }]);
  expect(await ask(service.port, '/metrics')).toMatchObject({ status: 500 });
  expect(await ask(service.port, '/healthz')).toMatchObject({ status: 200 });
});

it('closes its port and its connections', async () => {
  const { port } = service;
  await service.close();
  expect(service.port).toBe(0);
  await expect(ask(port, '/healthz')).rejects.toThrow('ECONNREFUSED');
  await service.close();
});

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Image, inFolder, rehearse } from '../support/dockerfile.ts';
import { ask } from '../support/http.ts';
import { RespClient } from '../support/resp-client.ts';
import { freePort } from '../support/server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');
const dockerfile = read('Dockerfile');

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const compose = parse(read('compose.yaml')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

it('the Dockerfile is what its linter wants', () => {
  expect(validate(dockerfile, {}).map(({ message, range }) => [range.start.line, message])).toEqual(
    [],
  );
});

describe('the compose file', () => {
  const { redstart, prometheus } = compose.services;

  it('mounts files and volumes that there are', () => {
    for (const { volumes } of Object.values(compose.services)) {
      for (const mount of volumes) {
        const [source = ''] = mount.split(':');
        if (source.startsWith('.')) expect(existsSync(join(ROOT, source)), mount).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('opens ports to this machine alone, and that of the metrics to none', () => {
    for (const { ports } of Object.values(compose.services)) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    }
    expect(redstart?.ports.join()).not.toContain('9121');
  });

  it('waits with Prometheus for a healthy server, which it scrapes by its name', () => {
    expect(prometheus?.depends_on).toEqual({ redstart: { condition: 'service_healthy' } });
    expect(read('docs/monitoring/prometheus.yml')).toContain('redstart:9121');
  });
});

/** A full run installs what the lock file says; others take the modules of this checkout. */
const isFull = process.env.REHEARSAL === 'full';

describe('the image', () => {
  let scratch: string;
  let image: Image;
  let server: ChildProcess | undefined;
  let output = '';

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'redstart-image-'));
    image = rehearse({
      dockerfile,
      ignored: read('.dockerignore'),
      context: ROOT,
      scratch,
      ...(!isFull && { modules: join(ROOT, 'node_modules') }),
    });
    // The paths in the configuration are those of the image too.
    const configuration = join(image.root, 'etc/redstart/redstart.conf');
    const lines = readFileSync(configuration, 'utf8').split('\n');
    writeFileSync(configuration, inFolder(image, lines).join('\n'));
  }, 600_000);
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  afterEach(() => server?.kill('SIGKILL'));

  /** As `docker run` with these words behind the image's name, on ports that are free here. */
  async function runImage(...words: readonly string[]) {
    const [port, httpPort] = [await freePort(), await freePort()];
    const listens = ['--port', String(port), '--http-port', String(httpPort)];
    const [program = '', ...args] = inFolder(image, image.entryPoint);
    output = '';
    server = spawn(program, [...args, ...words, ...listens], {
      cwd: join(image.root, image.workDir),
      env: { PATH: process.env.PATH, ...image.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.stdout?.on('data', (text) => {
      output += text;
    });
    server.stderr?.on('data', (text) => {
      output += text;
    });
    await expect
      .poll(() => health(image.healthCheck, httpPort), { timeout: 20_000, interval: 200 })
      .toBe(0);
    return { httpPort, client: await RespClient.connect(port) };
  }

  /** The exit status of a health check, which asks the port that it has there. */
  function health(check: readonly string[], httpPort: number): number | null {
    const [program = '', ...args] = check.map((word) => word.replace('/9121', `/${httpPort}`));
    return spawnSync(program, args, { stdio: 'ignore' }).status;
  }

  /** Ends it as `docker stop` does. */
  async function stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => server?.once('exit', resolve));
    server?.kill(image.stopSignal as NodeJS.Signals);
    return await ended;
  }

  it('belongs to somebody who is not root, and keeps data in a volume', () => {
    expect(image).toMatchObject({
      user: 'node',
      workDir: '/data',
      volumes: ['/data'],
      ports: [6379, 9121],
      stopSignal: 'SIGTERM',
      owners: ['chown node:node /data'],
    });
  });

  it('holds what the program needs, and no more', () => {
    const modules = join(image.root, 'app/node_modules');
    expect(existsSync(join(modules, 'prom-client'))).toBe(true);
    for (const name of ['vitest', 'typescript', 'esbuild', 'ioredis']) {
      expect(existsSync(join(modules, name)), name).toBe(false);
    }
    expect(existsSync(join(image.root, 'app/src'))).toBe(false);
    const stats = spawnSync('du', ['-sm', join(image.root, 'app')], { encoding: 'utf8' });
    expect(Number.parseInt(stats.stdout, 10)).toBeLessThan(40);
  });

  it('serves, is healthy, stops when asked, and finds its data again', {
    timeout: 120_000,
  }, async () => {
    const words = compose.services.redstart?.command ?? [];
    const first = await runImage(...words);
    expect(
      health(
        compose.services
          .redstart!.healthcheck!.test.slice(1)
          .map((word) => word.replaceAll('$$', '$')),
        first.httpPort,
      ),
    ).toBe(0);
    expect((await ask(first.httpPort, '/metrics')).body).toContain('redis_up 1');
    await first.client.call('SET', 'kept', 'yes');
    const startMs = performance.now();
    expect(await stop()).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    expect(output).toContain('bye bye');
    expect(health(image.healthCheck, first.httpPort)).not.toBe(0);
    const second = await runImage(...words);
    expect(await second.client.call('GET', 'kept')).toMatchObject({ bytes: Buffer.from('yes') });
    expect(await stop()).toBe(0);
  });
});

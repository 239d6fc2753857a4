import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ask, scrape } from '../support/http.ts';
import { Prometheus } from '../support/prometheus.ts';
import { RespClient } from '../support/resp-client.ts';
import { available, freePort, type RunningServer, startRedstart } from '../support/server.ts';

const MONITORING = fileURLToPath(new URL('../../docs/monitoring/', import.meta.url));
const RULE_TESTS = fileURLToPath(new URL('../monitoring/alerts.test.yml', import.meta.url));
const text = (name: string) => readFileSync(`${MONITORING}${name}`, 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  for?: string;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: Rule[] }[];
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const rules = (parse(text('alerts.yml')) as RuleFile).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(text('dashboard.json')) as { readonly panels: readonly Panel[] };
const panelExpressions = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);

let server: RunningServer | undefined;
let prometheus: Prometheus | undefined;
afterEach(async () => {
  await prometheus?.stop();
  await server?.stop();
  prometheus = undefined;
  server = undefined;
});

async function start(...flags: readonly string[]) {
  const httpPort = await freePort();
  server = await startRedstart(['--http-port', String(httpPort), ...flags]);
  return { httpPort, client: await RespClient.connect(server.port) };
}

/** Metrics that an expression names. */
function metricsIn(expression: string): string[] {
  return expression.match(/\b(redis|redstart|nodejs|process)_[a-z0-9_]+/g) ?? [];
}

it('asks for metrics that there are', async () => {
  const { httpPort, client } = await start('--maxmemory', '100mb');
  await client.call('SET', 'a', '1', 'EX', '100');
  await client.call('NOSUCH');
  await ask(httpPort, '/metrics');
  await setTimeout(50);
  const names = new Set([...(await scrape(httpPort)).keys()].map((key) => key.split('{')[0]));
  for (const [, expression] of panelExpressions) {
    for (const metric of metricsIn(expression)) expect(names).toContain(metric);
  }
  for (const { expr } of rules) {
    for (const metric of metricsIn(expr)) expect(names).toContain(metric);
  }
  expect(panelExpressions.length).toBeGreaterThan(30);
  expect(rules.length).toBeGreaterThan(10);
  await client.close();
});

describe.skipIf(!available('prometheus') || !available('promtool'))('with Prometheus', () => {
  it.each([
    ['the rules', ['check', 'rules', `${MONITORING}alerts.yml`]],
    ['the configuration', ['check', 'config', `${MONITORING}prometheus.yml`]],
    ['what the rules say of made-up series', ['test', 'rules', RULE_TESTS]],
  ])('promtool accepts %s', (_, args) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
    expect(stdout + stderr).toMatch(/SUCCESS/);
    expect(status).toBe(0);
  });

  it('is scraped, drawn and judged', { timeout: 120_000 }, async () => {
    const { httpPort, client } = await start('--maxmemory', '20mb');
    prometheus = await Prometheus.start({
      'prometheus.yml': configuration(httpPort),
      'alerts.yml': stringify(hasty(parse(text('alerts.yml')) as RuleFile)),
    });
    await client.call('SET', 'a', 'x', 'EX', '1000');
    await client.call('GET', 'a');
    await client.call('NOSUCH');
    const until = prometheus.until.bind(prometheus);
    const query = prometheus.query.bind(prometheus);
    await until(async () => (await query('redis_commands_total{cmd="set"}'))[0]?.value === 1);
    expect(await query('redis_memory_max_bytes')).toMatchObject([
      { labels: { job: 'redstart', instance: `127.0.0.1:${httpPort}` }, value: 20 * 1024 * 1024 },
    ]);
    expect((await prometheus.alerts()).filter(({ state }) => state === 'firing')).toEqual([]);

    // Nine tenths of maxmemory is where the alert begins; a little below it and nothing is said.
    await fill(client, 15);
    await until(async () => (await query('redis_memory_used_bytes > 15e6')).length === 1);
    const firing = async () =>
      (await prometheus!.alerts()).filter((alert) => alert.state === 'firing');
    expect((await firing()).map(({ labels }) => labels.alertname)).toEqual([]);
    await fill(client, 19);
    await until(async () => (await firing()).length > 0);
    const [alert] = await firing();
    expect(alert?.labels).toMatchObject({ alertname: 'RedstartMemoryHigh', severity: 'warning' });
    expect(alert?.annotations.summary).toMatch(/^127.0.0.1:\d+ uses 9\d(\.\d+)?% of maxmemory$/);

    const empty: string[] = [];
    for (const [title, expression] of panelExpressions) {
      const shown = expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '10s');
      await client.call('GET', 'a');
      if ((await query(shown)).length === 0) await setTimeout(2_000);
      if ((await query(shown)).length === 0) empty.push(`${title}: ${shown}`);
    }
    expect(empty).toEqual([]);
    await client.close();
  });
});

/** The configuration as it is, but for where the server is and how often it is asked. */
function configuration(httpPort: number): string {
  return text('prometheus.yml')
    .replace('redstart:9121', `127.0.0.1:${httpPort}`)
    .replaceAll('15s', '1s');
}

/** The same rules, but they do not wait before they fire. */
function hasty(file: RuleFile): RuleFile {
  for (const group of file.groups) for (const rule of group.rules) if (rule.for) rule.for = '0s';
  return file;
}

/** Writes keys until the data take so many MiB. */
async function fill(client: RespClient, mebibytes: number): Promise<void> {
  const value = 'x'.repeat(10_000);
  for (let i = 0; ; i++) {
    await client.call('SET', `filler:${mebibytes}:${i}`, value);
    if (i % 20 !== 0) continue;
    const info = await client.call('INFO', 'memory');
    if (info.type !== 'bulk') throw new Error('INFO answered no text');
    const used = Number(/^used_memory:(\d+)/m.exec(info.bytes.toString())![1]);
    if (used > mebibytes * 1024 * 1024) return;
  }
}

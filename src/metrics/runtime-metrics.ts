/**
 * What Node.js tells of itself, through prom-client: CPU, the JavaScript heap, garbage collections.
 * See docs/decisions/0013-metrics.md.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Not shown: those that list the descriptors, handles and requests of every client to count them,
 * and the delays of the event loop, which `EventLoopDelay` tells without the interval of its timer.
 */
const LEFT_OUT = /^(process_open_fds|nodejs_(active|eventloop_lag)_\w+)$/;

/** How often, in ms, prom-client looks at the event loop: never, for it is not asked. */
const NEVER_MS = 2 ** 31 - 1;

/** Renders the text of all of them; asked once per scrape. */
export type RuntimeMetrics = () => Promise<string>;

/** Begins to observe. What it loads, only a server that serves metrics pays for. */
export function runtimeMetrics(): RuntimeMetrics {
  const { collectDefaultMetrics, Registry } =
    require('prom-client') as typeof import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of registry.getMetricsAsArray()) {
    if (LEFT_OUT.test(name)) registry.removeSingleMetric(name);
  }
  return () => registry.metrics();
}

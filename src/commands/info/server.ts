/** INFO server. */
import { createHash } from 'node:crypto';
import { machine, release, type } from 'node:os';
import type { ListeningAddresses } from '../services/lifecycle.ts';
import { REDIS_VERSION, REDSTART_VERSION } from '../version.ts';
import type { Field, Section } from './section.ts';

const SECONDS_PER_DAY = 86_400;
/** Bits of the clock by which Redis measures how long a key is idle. */
const LRU_CLOCK_BITS = 24;

/** What the runtime's event loop waits with. */
const MULTIPLEXING: Readonly<Record<string, string>> = { linux: 'epoll', win32: 'iocp' };

const BUILD = createHash('sha256')
  .update(`${REDSTART_VERSION} ${process.version} ${process.platform} ${process.arch}`)
  .digest('hex');

export const server: Section = {
  title: 'Server',
  isDefault: true,
  fields({ keyspace, services }) {
    const { configuration, lifecycle, statistics } = services;
    const uptimeSeconds = Math.floor((keyspace.nowMs - statistics.startMs) / 1000);
    const hz = configuration.textOf('hz');
    return [
      ['redis_version', REDIS_VERSION],
      ['redis_git_sha1', '00000000'],
      ['redis_git_dirty', 0],
      ['redis_build_id', BUILD.slice(0, 16)],
      ['redis_mode', 'standalone'],
      ['redstart_version', REDSTART_VERSION],
      ['node_version', process.versions.node],
      ['os', `${type()} ${release()} ${machine()}`],
      ['arch_bits', ['ia32', 'arm', 'mipsel'].includes(process.arch) ? 32 : 64],
      ['monotonic_clock', 'POSIX clock_gettime'],
      ['multiplexing_api', MULTIPLEXING[process.platform] ?? 'kqueue'],
      ['atomicvar_api', 'none'],
      ['gcc_version', '0.0.0'],
      ['process_id', process.pid],
      ['process_supervised', lifecycle.supervisor],
      ['run_id', lifecycle.runId],
      ['tcp_port', lifecycle.port],
      ['server_time_usec', services.wallClock.microseconds()],
      ['uptime_in_seconds', uptimeSeconds],
      ['uptime_in_days', Math.floor(uptimeSeconds / SECONDS_PER_DAY)],
      ['hz', hz],
      ['configured_hz', hz],
      ['lru_clock', Math.floor(keyspace.nowMs / 1000) % 2 ** LRU_CLOCK_BITS],
      ['executable', lifecycle.executable],
      ['config_file', lifecycle.configFile],
      ['io_threads_active', 0],
      ...lifecycle.listeners().map(listenerField),
    ];
  },
};

function listenerField({ name, addresses, port }: ListeningAddresses, index: number): Field {
  const binds = addresses.map((address) => `,bind=${address}`).join('');
  return [`listener${index}`, `name=${name}${binds}${port === 0 ? '' : `,port=${port}`}`];
}

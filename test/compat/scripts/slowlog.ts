import { type Encoded, isArray, toJson } from '../encoded.ts';
import { fieldsOnly, helpOf, masked, matching, typesOnly } from '../normalise.ts';
import { defineScript, type Line, normalised, type Step } from '../script.ts';

/** A slow log without its times and addresses, its ids counted from the newest. */
const entries = (line: Line): Step =>
  normalised(line, (reply) => {
    if (!isArray(reply)) return reply;
    const newest = idOf(reply[0]);
    return reply.map((entry) => {
      if (!isArray(entry) || entry.length !== 6) return entry;
      const [, , , args, , name] = entry;
      return [`:newest-${newest - idOf(entry)}`, ':time', ':usec', args!, '$address', name!];
    });
  });

/** Latency histograms whose buckets do not count, as long as they are pairs of integers. */
const histogram = (line: Line): Step =>
  normalised(line, (reply) => JSON.parse(toJson(reply).replace(BUCKETS, '"<buckets>"')));

const BUCKETS =
  /(?<="\$histogram_usec",)(?:\[(?:":\d+",?)+\]|\{"%":\[(?:\[":\d+",":\d+"\],?)+\]\})/g;

const idOf = (entry: Encoded | undefined): bigint =>
  entry !== undefined && isArray(entry) ? BigInt(String(entry[0]).slice(1)) : 0n;

export const script = defineScript(
  {
    'SLOWLOG keeps the newest commands first': [
      'CLIENT SETNAME slow',
      'CONFIG SET slowlog-log-slower-than 0',
      'SLOWLOG RESET',
      'SET k v',
      ['SET', 'long', 'x'.repeat(200)],
      ['MGET', ...Array.from({ length: 50 }, (_, i) => `k${i}`)],
      ['SET', 'binary\0', '\r\n\xff'],
      'NOSUCH',
      'INCR k',
      'CLIENT ID x',
      'SLOWLOG LEN',
      'CONFIG SET slowlog-log-slower-than -1',
      entries('SLOWLOG GET'),
      entries('SLOWLOG GET 2'),
      entries('SLOWLOG GET -1'),
      entries('SLOWLOG GET 0'),
      'SLOWLOG LEN',
      'SLOWLOG RESET',
      'SLOWLOG LEN',
      'SLOWLOG GET',
    ],

    'SLOWLOG is bounded and can be off': [
      'CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 3',
      'SLOWLOG RESET',
      'PING 1',
      'PING 2',
      'PING 3',
      'PING 4',
      'SLOWLOG LEN',
      'CONFIG SET slowlog-log-slower-than -1',
      'PING 5',
      entries('SLOWLOG GET 10'),
      'CONFIG SET slowlog-log-slower-than 1000000',
      'PING 6',
      entries('SLOWLOG GET 1'),
      'CONFIG SET slowlog-max-len 1',
      'SLOWLOG RESET',
      'SLOWLOG LEN',
    ],

    'SLOWLOG hides passwords': [
      'CONFIG SET slowlog-log-slower-than 0',
      'SLOWLOG RESET',
      'AUTH default secret',
      'HELLO 2 AUTH nobody secret',
      ['CONFIG', 'SET', 'masterauth', 'secret'],
      ['CONFIG', 'SET', 'masterauth', ''],
      'CONFIG SET slowlog-log-slower-than -1',
      entries('SLOWLOG GET'),
    ],

    'SLOWLOG errors': [
      'SLOWLOG GET -2',
      'SLOWLOG GET x',
      'SLOWLOG GET 1 2',
      'SLOWLOG LEN x',
      'SLOWLOG RESET x',
      'SLOWLOG',
      'SLOWLOG NOSUCH',
      helpOf('SLOWLOG', 'SLOWLOG HELP'),
    ],

    'LATENCY without events': [
      'LATENCY RESET',
      'LATENCY LATEST',
      'LATENCY HISTORY command',
      'LATENCY RESET',
      'LATENCY RESET command nosuch',
      'LATENCY GRAPH command',
      typesOnly('LATENCY DOCTOR'),
      'LATENCY HISTORY',
      'LATENCY LATEST x',
      'LATENCY GRAPH',
      'LATENCY DOCTOR x',
      'LATENCY',
      'LATENCY NOSUCH',
      helpOf('LATENCY', 'LATENCY HELP'),
    ],

    'LATENCY of a slow command': [
      'LATENCY RESET',
      'CONFIG SET latency-monitor-threshold 10',
      'DEBUG SLEEP 0.03',
      masked('LATENCY LATEST', /:\d+/, ':<number>'),
      masked('LATENCY HISTORY command', /:\d+/, ':<number>'),
      'LATENCY HISTORY nosuch',
      typesOnly('LATENCY GRAPH command'),
      typesOnly('LATENCY DOCTOR'),
      'LATENCY RESET command',
      'LATENCY LATEST',
    ],

    'LATENCY HISTOGRAM': [
      'CONFIG RESETSTAT',
      'SET k v',
      'GET k',
      'GET k',
      matching('CLIENT ID', /\d+/),
      fieldsOnly('LATENCY HISTOGRAM set'),
      histogram('LATENCY HISTOGRAM get'),
      fieldsOnly('LATENCY HISTOGRAM nosuch'),
      fieldsOnly('LATENCY HISTOGRAM client|id'),
      fieldsOnly('LATENCY HISTOGRAM client'),
      fieldsOnly('LATENCY HISTOGRAM incr'),
      fieldsOnly('LATENCY HISTOGRAM get set nosuch'),
      'CONFIG SET latency-tracking no',
      fieldsOnly('LATENCY HISTOGRAM nosuch'),
    ],
  },
  { flags: ['--enable-debug-command', 'yes'] },
);

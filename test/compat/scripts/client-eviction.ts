import { picked } from '../normalise.ts';
import { closed, defineScript, on, send, silence } from '../script.ts';

/** What a client holds while its transaction is not over. */
const LARGE = 'x'.repeat(3_000_000);
const flags = picked('CLIENT LIST', /(?<=flags=)\w*e\w*/g);

export const script = defineScript({
  'The largest client goes when all are more than maxmemory-clients': [
    'PING',
    on('small', 'MULTI'),
    on('small', 'SET k v'),
    on('large', 'MULTI'),
    on('large', ['SET', 'k', LARGE]),
    'CONFIG SET maxmemory-clients 2mb',
    on('large', closed()),
    on('small', 'EXEC'),
    'GET k',
    'CONFIG SET maxmemory-clients 0',
  ],

  'CLIENT NO-EVICT spares who asks for it': [
    'CLIENT NO-EVICT ON',
    on('spared', 'CLIENT NO-EVICT ON'),
    flags,
    on('spared', 'MULTI'),
    on('spared', ['SET', 'k', LARGE]),
    on('large', 'MULTI'),
    on('large', ['SET', 'k', LARGE]),
    'CONFIG SET maxmemory-clients 2mb',
    on('large', closed()),
    on('spared', silence(50)),
    on('spared', 'EXEC'),
    'STRLEN k',
    picked('INFO stats', /^evicted_clients:/m),
    'CONFIG SET maxmemory-clients 0',
  ],

  'A share of maxmemory': [
    'CONFIG SET maxmemory 100mb',
    'CONFIG SET maxmemory-clients 2%',
    'CONFIG GET maxmemory-clients',
    on('large', 'MULTI'),
    on('large', send(['SET', 'k', LARGE])),
    on('large', closed()),
    'CONFIG SET maxmemory-clients 101%',
    'CONFIG SET maxmemory-clients -1',
    'CONFIG SET maxmemory-clients 0',
    'CONFIG SET maxmemory 0',
    'EXISTS k',
  ],

  'A subscriber that waits in a transaction goes as well': [
    on('large', 'SUBSCRIBE c'),
    on('large', 'UNSUBSCRIBE c'),
    on('large', 'MULTI'),
    on('large', ['PUBLISH', 'c', LARGE]),
    'CONFIG SET maxmemory-clients 2mb',
    on('large', closed()),
    'PUBSUB NUMSUB c',
    'CONFIG SET maxmemory-clients 0',
  ],
});

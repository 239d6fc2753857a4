/** Directives: TLS. */

import { directive } from './config-directive.ts';
import { BOOLEAN, choice, INT32_MAX, integer, SECRET, text } from './config-kinds.ts';

const REAPPLIED = { reapplied: true, effect: 'planned' } as const;

export const TLS_DIRECTIVES = {
  'tls-port': directive(integer(0, 65535), '0', 'TCP port for TLS; 0 listens on none.', {
    effect: 'planned',
  }),
  'tls-cert-file': directive(
    text('<path>'),
    '',
    'PEM file of the certificate shown to clients.',
    REAPPLIED,
  ),
  'tls-key-file': directive(
    text('<path>'),
    '',
    'PEM file of the private key that belongs to the certificate.',
    REAPPLIED,
  ),
  'tls-key-file-pass': directive(SECRET, '', 'Passphrase of the private key.', {
    sensitive: true,
    effect: 'planned',
  }),
  'tls-client-cert-file': directive(
    text('<path>'),
    '',
    'PEM file of the certificate shown to a master; unset, the one shown to clients.',
    REAPPLIED,
  ),
  'tls-client-key-file': directive(
    text('<path>'),
    '',
    'PEM file of the private key for connections to a master.',
    REAPPLIED,
  ),
  'tls-client-key-file-pass': directive(
    SECRET,
    '',
    'Passphrase of the private key for connections to a master.',
    { sensitive: true, effect: 'planned' },
  ),
  'tls-dh-params-file': directive(
    text('<path>'),
    '',
    'PEM file of Diffie-Hellman parameters; unset, the defaults of OpenSSL.',
    REAPPLIED,
  ),
  'tls-ca-cert-file': directive(
    text('<path>'),
    '',
    'PEM file of the authorities that peers are checked against.',
    REAPPLIED,
  ),
  'tls-ca-cert-dir': directive(
    text('<path>'),
    '',
    'Directory of PEM files of the authorities that peers are checked against.',
    REAPPLIED,
  ),
  'tls-auth-clients': directive(
    choice('no', 'yes', 'optional'),
    'yes',
    'Whether clients must show a certificate, must not, or may.',
    { effect: 'planned' },
  ),
  'tls-replication': directive(
    BOOLEAN,
    'no',
    'Whether the connection of a replica to its master uses TLS.',
    { effect: 'planned' },
  ),
  'tls-cluster': directive(BOOLEAN, 'no', 'Whether the cluster bus uses TLS.', {
    effect: 'accepted',
  }),
  'tls-protocols': directive(
    text('<version> [<version> ...]'),
    '',
    'TLS versions to accept; unset, 1.2 and 1.3.',
    { effect: 'planned' },
  ),
  'tls-ciphers': directive(
    text('<OpenSSL cipher list>'),
    '',
    'Ciphers for TLS 1.2 and older; unset, the defaults of Node.js.',
    { effect: 'planned' },
  ),
  'tls-ciphersuites': directive(
    text('<OpenSSL cipher suites>'),
    '',
    'Cipher suites for TLS 1.3; unset, the defaults of Node.js.',
    { effect: 'planned' },
  ),
  'tls-prefer-server-ciphers': directive(
    BOOLEAN,
    'no',
    'Whether the order of ciphers of the server wins over that of the client.',
    { effect: 'planned' },
  ),
  'tls-session-caching': directive(
    BOOLEAN,
    'yes',
    'Whether clients may resume an earlier TLS session.',
    { effect: 'planned' },
  ),
  'tls-session-cache-size': directive(
    integer(0, INT32_MAX),
    '20480',
    'How many TLS sessions are kept to be resumed; 0 is no limit.',
    { effect: 'planned' },
  ),
  'tls-session-cache-timeout': directive(
    integer(0, INT32_MAX),
    '300',
    'Seconds for which a TLS session can be resumed.',
    { effect: 'planned' },
  ),
};

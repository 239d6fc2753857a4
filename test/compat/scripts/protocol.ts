import { byteByByte, defineScript, on, raw, splitAnywhere } from '../script.ts';

const SET_AND_GET =
  '*3\r\n$3\r\nSET\r\n$5\r\nk\r\n\0y\r\n$4\r\n\r\n\xff\0\r\n*2\r\n$3\r\nGET\r\n$5\r\nk\r\n\0y\r\n';

const PING = '*1\r\n$4\r\nPING\r\n';

export const script = defineScript({
  'Inline commands': [
    raw('PING\r\n'),
    raw('PING\n'),
    raw('SET k v\r\nGET k\r\n'),
    raw('  GET \t k  \r\n'),
    raw('\r\n'),
    raw('\n'),
    raw('   \r\nPING\r\n'),
    raw('ECHO a\tb\r\n'),
    raw('ECHO a\rb\r\n'),
    raw('PING\r\r\n'),
    raw('NOSUCH x y\r\n'),
    raw('GET\r\n'),
    raw(`ECHO ${'x'.repeat(20_000)}\r\n`),
  ],

  'Inline quoting': [
    raw('ECHO "two words"\r\n'),
    raw("ECHO 'two words'\r\n"),
    raw('ECHO ""\r\n'),
    raw("ECHO ''\r\n"),
    raw('ECHO "a\\nb\\r\\t\\a\\b\\\\\\"\\q"\r\n'),
    raw('ECHO "\\x41\\x00\\xfF\\xg1\\x4"\r\n'),
    raw("ECHO 'it\\'s \\n raw'\r\n"),
    raw('ECHO a"b\r\n'),
    on('b', raw('ECHO a"b"\r\n')),
    on('c', raw('ECHO "a"b\r\n')),
    on('d', raw('ECHO "open\r\n')),
    on('e', raw("ECHO 'open\r\n")),
    on('f', raw("ECHO 'a'b\r\nPING\r\n")),
    on('g', raw('ECHO "a" "b"\r\n')),
    on('g', raw('"ECHO" "quoted name"\r\n')),
    on('g', raw('"" x\r\n')),
  ],

  'Multi-bulk commands of odd shapes': [
    raw(PING),
    raw('*0\r\n', PING),
    raw('*-1\r\n', PING),
    raw('*-5\r\n', PING),
    raw('*2\r\n$4\r\nECHO\r\n$0\r\n\r\n'),
    raw('*1\r\n$0\r\n\r\n'),
    raw('*+1\r\n$4\r\nPING\r\n'),
    on('b', raw('*01\r\n$4\r\nPING\r\n')),
    on('c', raw('*1\r\n$04\r\nPING\r\n')),
    on('d', raw('* 1\r\n$4\r\nPING\r\n')),
    on('e', raw('*1\n$4\nPING\r\n', PING)),
    on('f', raw('*1\r\n$4\r\nPINGxx', PING)),
    on('g', raw('*1\r\n$4\r\nPING\n\n', PING)),
  ],

  'Array lengths that are no lengths': [
    on('a', raw('*\r\n')),
    on('b', raw('*x\r\n')),
    on('c', raw('*1.5\r\n')),
    on('d', raw('*1048577\r\n')),
    on('e', raw('*2147483648\r\n')),
    on('f', raw('*99999999999999999999\r\n')),
    on('g', raw('*1 \r\n')),
    on('h', raw(`*${'1'.repeat(66_000)}`)),
    on('i', raw('*1x\r\n', PING)),
    'PING',
  ],

  'Bulk lengths that are no lengths': [
    on('a', raw('*1\r\n$-1\r\n')),
    on('b', raw('*1\r\n$x\r\n')),
    on('c', raw('*1\r\n$\r\n')),
    on('d', raw('*1\r\n$536870913\r\n')),
    on('e', raw('*1\r\n$99999999999999999999\r\n')),
    on('f', raw('*1\r\n$4 \r\nPING\r\n')),
    on('g', raw('*1\r\n:4\r\nPING\r\n')),
    on('h', raw('*1\r\nPING\r\n')),
    on('i', raw('*2\r\n$4\r\nECHO\r\n+x\r\n')),
    on('j', raw(`*1\r\n$${'1'.repeat(66_000)}`)),
    'PING',
  ],

  'The longest bulk is configurable': [
    'CONFIG SET proto-max-bulk-len 1048576',
    on('a', raw('*2\r\n$4\r\nECHO\r\n$1048576\r\n')),
    on('b', raw('*2\r\n$4\r\nECHO\r\n$1048577\r\n')),
  ],

  'A reply before the malformed command still comes': [
    on('a', raw(PING, '*1\r\n$x\r\n', PING)),
    on('b', raw('PING\r\n', 'ECHO "open\r\n', PING)),
    on('c', raw(PING, '*x\r\n', PING)),
    on('d', raw(PING, 'QUIT\r\n', PING)),
  ],

  'Inline requests are bounded': [on('a', raw('x'.repeat(66_000))), 'PING'],

  'HTTP is turned away': [
    on('a', raw('POST / HTTP/1.1\r\nHost: localhost\r\n\r\n')),
    on('b', raw('Host: localhost\r\nSET k v\r\n')),
    on('c', raw('post x\r\n', PING)),
    on('d', raw('*1\r\n$4\r\nPOST\r\n', PING)),
    on('e', raw('*2\r\n$5\r\nHost:\r\n$1\r\nx\r\n', PING)),
    on('f', raw('GET / HTTP/1.1\r\n')),
    on('f', raw('Host: localhost\r\n\r\n')),
    'EXISTS k',
  ],

  'Unauthenticated connections are bounded more tightly': [
    'CONFIG SET requirepass sesame',
    on('a', raw('*10\r\n$4\r\nPING\r\n')),
    on('b', raw('*11\r\n$4\r\nPING\r\n')),
    on('c', raw('*2\r\n$4\r\nAUTH\r\n$16384\r\n')),
    on('d', raw('*2\r\n$4\r\nAUTH\r\n$16385\r\n')),
    on('e', raw(PING, '*2\r\n$4\r\nAUTH\r\n$6\r\nsesame\r\n', PING)),
    ['CONFIG', 'SET', 'requirepass', ''],
  ],

  'Pipelines are answered in order': [
    raw(PING.repeat(20)),
    raw(
      'SET a 1\r\n',
      '*2\r\n$4\r\nINCR\r\n$1\r\na\r\n',
      'NOSUCH\r\n',
      '*2\r\n$3\r\nGET\r\n$1\r\na\r\n',
      'GET\r\n',
      'GET missing\r\n',
      'MGET a missing\r\n',
      'STRLEN a\r\n',
    ),
    raw(
      ...Array.from({ length: 100 }, (_, i) => `SET key:${i} value:${i}\r\n`),
      ...Array.from(
        { length: 100 },
        (_, i) => `*2\r\n$3\r\nGET\r\n$${`key:${i}`.length}\r\nkey:${i}\r\n`,
      ),
    ),
    raw('SELECT 1\r\nDBSIZE\r\nSELECT 0\r\nDBSIZE\r\n'),
    raw(`*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$100000\r\n${'x'.repeat(100_000)}\r\nSTRLEN big\r\n`),
  ],

  'A command may be cut anywhere': [
    splitAnywhere(SET_AND_GET),
    splitAnywhere('SET k "in\\x20line"\r\nGET k\r\n'),
    splitAnywhere('PING\r\n', PING, '\r\n*0\r\nPING\n'),
    byteByByte(SET_AND_GET),
    byteByByte('SET k "in\\x20line"\r\nGET k\r\n'),
  ],
});

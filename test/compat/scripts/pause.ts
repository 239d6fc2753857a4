import { picked } from '../normalise.ts';
import {
  defineScript,
  needing,
  on,
  receive,
  send,
  silence,
  untilBlocked,
  wait,
} from '../script.ts';

const pause = () => on('boss', 'CLIENT PAUSE 100000 WRITE');
const unpause = () => on('boss', 'CLIENT UNPAUSE');

export const script = defineScript({
  'A transaction that writes is held back at its EXEC': [
    on('boss', 'PING'),
    'MULTI',
    'SET k v',
    'INCR n',
    pause(),
    send('EXEC'),
    silence(20),
    on('b', 'GET k'),
    unpause(),
    receive(),
    'GET k',
  ],

  'One that only reads is not': [
    'MULTI',
    'GET k',
    pause(),
    'PING',
    'EXEC',
    'MULTI',
    'GET k',
    'DISCARD',
    unpause(),
  ],

  'A pause of all holds back queueing too': [
    'MULTI',
    'GET a',
    on('boss', 'CLIENT PAUSE 150 ALL'),
    send('GET b'),
    silence(20),
    receive(),
    'EXEC',
  ],

  'WATCH sees what happened before the pause ended': [
    'WATCH k',
    'MULTI',
    'SET k mine',
    on('b', 'PING'),
    pause(),
    on('b', send('SET k theirs')),
    on('b', silence(20)),
    send('EXEC'),
    silence(20),
    unpause(),
    on('b', receive()),
    receive(),
    'GET k',
  ],

  'A pause that a transaction begins': [
    on('b', 'PING'),
    'MULTI',
    'CLIENT PAUSE 100000 WRITE',
    'GET k',
    'EXEC',
    on('b', send('SET k v')),
    on('b', silence(20)),
    unpause(),
    on('b', receive()),
  ],

  'What writes without being a command that writes': [
    on('sub', 'SUBSCRIBE c'),
    'PING',
    pause(),
    send('PUBLISH c m'),
    silence(20),
    unpause(),
    receive(),
    on('sub', receive()),
    on('b', 'PFADD h a b'),
    pause(),
    send('PFCOUNT h'),
    silence(20),
    on('b', 'STRLEN nosuch'),
    unpause(),
    receive(),
  ],

  'Keys do not expire meanwhile, and are not there': [
    'SET k v PX 30',
    pause(),
    wait(50),
    'GET k',
    'EXISTS k',
    'DBSIZE',
    unpause(),
    'GET k',
    'DBSIZE',
  ],

  'Messages come through': [
    on('sub', 'SUBSCRIBE c'),
    pause(),
    unpause(),
    'PUBLISH c m',
    on('sub', receive()),
  ],

  'Who waits goes on waiting': needing('BLPOP RPUSH', [
    on('a', send('BLPOP l 0')),
    untilBlocked(1),
    on('b', 'PING'),
    pause(),
    on('b', send('RPUSH l x')),
    on('b', silence(20)),
    on('a', silence(20)),
    unpause(),
    on('b', receive()),
    on('a', receive()),
  ]),

  'A timeout ends during a pause': needing('BLPOP', [
    on('a', send('BLPOP l 0.05')),
    untilBlocked(1),
    pause(),
    on('a', receive()),
    unpause(),
  ]),

  'CLIENT LIST and INFO show who is held back': [
    'PING',
    pause(),
    send('SET k v'),
    untilBlocked(1),
    on('boss', picked('INFO clients', /^blocked_clients:\d+/m)),
    on('boss', picked('CLIENT LIST', /flags=b/)),
    unpause(),
    receive(),
    on('boss', picked('INFO clients', /^blocked_clients:\d+/m)),
  ],
});

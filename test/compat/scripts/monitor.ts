import { monitored } from '../normalise.ts';
import { defineScript, on, receive, send } from '../script.ts';

const seen = () => monitored(receive());

export const script = defineScript({
  'MONITOR shows what others run, quoted': [
    on('b', 'PING'),
    'MONITOR',
    on('b', 'SET k v'),
    seen(),
    on('b', ['set', 'a b', 'q"uo\\te\r\n\t\x07\b', '\0\xff']),
    seen(),
    on('b', ['GET', '']),
    seen(),
    on('b', 'SELECT 5'),
    seen(),
    on('b', 'GET k'),
    seen(),
    on('b', 'CLIENT GETNAME'),
    seen(),
    on('b', 'OBJECT ENCODING k'),
    seen(),
    'PING',
    seen(),
    send('MONITOR'),
    on('b', 'PING last'),
    seen(),
  ],

  'MONITOR hides what is secret or administrative, and what was refused': [
    on('b', 'PING'),
    'MONITOR',
    on('b', 'AUTH default secret'),
    on('b', 'CONFIG GET maxmemory'),
    on('b', 'SLOWLOG LEN'),
    on('b', 'NOSUCH x'),
    on('b', 'GET'),
    on('b', 'SET k v NOSUCH'),
    on('b', 'INCR k'),
    on('b', 'PING last'),
    seen(),
    seen(),
    seen(),
    seen(),
    'MONITOR x',
  ],
});

import { between, helpOf, masked, matching, namesOnly, such } from '../normalise.ts';
import {
  capture,
  closed,
  defineScript,
  in72,
  type Line,
  on,
  receive,
  type Step,
  send,
  wait,
} from '../script.ts';

/** What CLIENT LIST says of a client, without the values that depend on time, memory and the network. */
const clientLine = (line: Line): Step =>
  masked(
    line,
    /(?<=\b(?:id|fd|age|idle|qbuf|qbuf-free|argv-mem|multi-mem|rbs|rbp|obl|oll|omem|tot-mem)=)\d+|(?<=addr=)[\d.:]+| lib-name=.*/,
  );

const SETINFO_IS_NEW = 'CLIENT SETINFO came with 7.2';
const NO_TOUCH_IS_NEW = 'CLIENT NO-TOUCH came with 7.2';

export const script = defineScript({
  'CLIENT ID counts connections up': [
    matching('CLIENT ID', /[1-9]\d*/),
    capture('a', on('a', 'CLIENT ID')),
    capture('b', on('b', 'CLIENT ID')),
    on('a', 'CLIENT ID'),
    'CLIENT ID x',
  ],
});

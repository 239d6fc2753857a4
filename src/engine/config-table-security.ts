/** Directives: users, passwords and what clients may do to the server itself. */

import { directive } from './config-directive.ts';
import { choice, INT64_MAX, integer, PASSWORD, text } from './config-kinds.ts';

const PERMISSION = choice('no', 'yes', 'local');

export const SECURITY_DIRECTIVES = {
  requirepass: directive(PASSWORD, '', 'Password of the default user; only its hash is kept.', {
    sensitive: true,
  }),
  aclfile: directive(
    text('<path>'),
    '',
    'File of users; unset, they are the user lines of the configuration.',
    { change: 'startup', effect: 'planned' },
  ),
  'acl-pubsub-default': directive(
    choice('allchannels', 'resetchannels'),
    'resetchannels',
    'Which channels a new user may use: all or none.',
    { effect: 'planned' },
  ),
  'acllog-max-len': directive(
    integer(0, INT64_MAX),
    '128',
    'How many refused commands and logins ACL LOG remembers.',
    { effect: 'planned' },
  ),
  'enable-protected-configs': directive(
    PERMISSION,
    'no',
    'Whether CONFIG SET may change where files are written: dir and dbfilename.',
    { change: 'startup' },
  ),
  'enable-debug-command': directive(PERMISSION, 'no', 'Whether DEBUG may be used.', {
    change: 'startup',
  }),
  'enable-module-command': directive(
    PERMISSION,
    'no',
    'Whether MODULE refuses to load a module, or only fails to: there are none.',
    { change: 'startup' },
  ),
};

import { describe } from 'vitest';
import { startRedstart } from '../support/server.ts';
import { compareMetadata } from './metadata-suite.ts';
import { compareAllScripts } from './suite.ts';

await compareAllScripts(startRedstart, '7.2');
describe('metadata', () => {
  // Redis defragments only with an allocator made for it; ours always can.
  compareMetadata(
    startRedstart,
    '7.2',
    new Map([
      ['activedefrag', 'yes'],
      ['active-defrag-ignore-bytes', '1048576'],
    ]),
  );
});

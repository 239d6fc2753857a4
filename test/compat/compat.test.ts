import { describe } from 'vitest';
import { startRedstart } from '../support/server.ts';
import { compareMetadata } from './metadata-suite.ts';
import { compareAllScripts } from './suite.ts';

await compareAllScripts(startRedstart, '7.2');
describe('metadata', () => compareMetadata(startRedstart, '7.2'));

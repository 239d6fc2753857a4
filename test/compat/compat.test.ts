import { startRedstart } from '../support/server.ts';
import { compareAllScripts } from './suite.ts';

await compareAllScripts(startRedstart, '7.2');

import { expect, it } from 'vitest';
import { TestEngine } from '../../test/support/engine.ts';

it('ROLE says that this is a master without replicas', () => {
  expect(new TestEngine().text('ROLE')).toBe('["master", (integer) 0, []]');
});

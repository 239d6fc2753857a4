import { defineScript } from '../script.ts';

export const script = defineScript({ a: ['SET k v', 'GET k'] });

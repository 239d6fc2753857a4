import { describe, expect, test } from 'vitest';
import { KeptStrings } from './kept-strings.ts';
import { LuaModule } from './lua-module.ts';

const module = new LuaModule(16 * 1024 * 1024);
const main = module.api.luaL_newstate();

function textAt(address: number): string {
  return module.cText(address + 16);
}

describe('Kept strings', () => {
  const kept = new KeptStrings(module, main);
  const find = (text: string) => kept.find(Buffer.from(`+${text}`), 1, text.length);

  test('are found where they were', () => {
    const ok = find('OK');
    expect(textAt(ok)).toBe('OK');
    expect(find('OK')).toBe(ok);
    expect(textAt(kept.keep(Buffer.from('OK')))).toBe('OK');
  });

  test('are bounded: who comes to a taken place, or is long, is not kept', () => {
    const words = Array.from({ length: 1000 }, (_, i) => `word ${i}`);
    const addresses = words.map(find);
    expect(addresses.filter((address) => address !== 0).length).toBeLessThan(16);
    words.forEach((word, i) => {
      expect(find(word)).toBe(addresses[i]);
      if (addresses[i] !== 0) expect(textAt(addresses[i]!)).toBe(word);
    });
    expect(find('x'.repeat(33))).toBe(0);
    expect(module.api.lua_gettop(main)).toBe(0);
  });
});

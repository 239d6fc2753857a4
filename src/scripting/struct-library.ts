import type { LibraryMaker } from './bit-library.ts';
export const structLibrary: LibraryMaker = () => ({});

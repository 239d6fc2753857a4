import type { LibraryMaker } from './bit-library.ts';
export const cjsonLibrary: LibraryMaker = () => ({});

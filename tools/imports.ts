import { dirname, join } from 'node:path/posix';
import type { StaticExport, StaticImport } from 'oxc-parser';
import { nodesOf, type SourceFile } from './source-file.ts';

/** An import of any kind, types and re-exports included: where it stands and what it asks for. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** What a relative specifier points at, as a path of the repository. */
  readonly target: string | undefined;
  /** The names it takes, by the names they have here; everything where that cannot be told. */
  readonly names: ReadonlyMap<string, string> | 'everything';
}

/** All imports of a file. An `import()` of a computed name is not seen. */
export function importsOf(file: SourceFile): Import[] {
  const { staticImports, staticExports } = file.module;
  const imports = staticImports.map((statement) => fromStatement(file, statement));
  for (const statement of staticExports) imports.push(...fromReexport(file, statement));
  for (const node of nodesOf(file.program)) {
    if (node.type === 'TSImportType') {
      imports.push(makeImport(file, node.source.value, node.start, 'everything'));
    } else if (node.type === 'ImportExpression' && node.source.type === 'Literal') {
      imports.push(makeImport(file, String(node.source.value), node.start, 'everything'));
    }
  }
  return imports;
}

function fromStatement(file: SourceFile, statement: StaticImport): Import {
  const names = new Map<string, string>();
  for (const { importName, localName } of statement.entries) {
    if (String(importName.kind) === 'NamespaceObject') {
      return makeImport(file, statement.moduleRequest.value, statement.start, 'everything');
    }
    names.set(localName.value, importName.name ?? 'default');
  }
  return makeImport(file, statement.moduleRequest.value, statement.start, names);
}

function fromReexport(file: SourceFile, statement: StaticExport): Import[] {
  return statement.entries.flatMap(({ moduleRequest, importName, exportName }) => {
    if (!moduleRequest) return [];
    const { name } = importName;
    const names = name === null ? 'everything' : new Map([[exportName.name ?? name, name]]);
    return [makeImport(file, moduleRequest.value, statement.start, names)];
  });
}

function makeImport(
  file: SourceFile,
  specifier: string,
  start: number,
  names: Import['names'],
): Import {
  const target = specifier.startsWith('.') ? join(dirname(file.path), specifier) : undefined;
  return { specifier, line: file.lineOf(start), target, names };
}

import ts from 'typescript';

/** One parse of TypeScript's own library for all phases, which costs more than everything else that is generated from an inputs.ts. */
const parsed = new Map();
const options = { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.CommonJS, noEmit: true, strictNullChecks: true, allowImportingTsExtensions: true, types: [] };
const host = ts.createCompilerHost(options);
const readSource = host.getSourceFile.bind(host);
host.getSourceFile = (name, ...rest) => {
  if (!parsed.has(name)) parsed.set(name, readSource(name, ...rest));
  return parsed.get(name);
};

/** The program of TypeScript for one inputs.ts. */
export const inputsProgram = (path) => ts.createProgram([path], options, host);

// Makes a step package of a phase (step-packages.md 3 and 6): flat, no source maps, the same bytes from the same sources.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { zip } from '../zip.mjs';
import { inputsJson } from './inputs-json.mjs';
import { builtMetadata } from './metadata.mjs';

/** With one function as the module and as its default, whichever of the two shapes that have shipped Octopus looks for is there. */
const footer = 'module.exports = Object.assign(module.exports.default, { default: module.exports.default });\n';

/** An esbuild plugin: every TypeScript module down to ES5 by TypeScript itself, since esbuild cannot. */
const toES5 = {
  name: 'to-es5',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const compilerOptions = { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
      return { contents: ts.transpileModule(readFileSync(path, 'utf8'), { fileName: path, compilerOptions }).outputText, loader: 'js' };
    });
  },
};

const textOf = async (options) => Buffer.from((await build({ bundle: true, write: false, legalComments: 'none', charset: 'utf8', logLevel: 'warning', ...options })).outputFiles[0].contents);

/**
 * The files of a phase's step package by name. `executor` is the bundle of its executor.ts, as CommonJS; `relay` is the program that goes on
 * while the server is down, which the executor looks for beside itself.
 */
export async function stepPackageFiles({ root, phase, version, executor, relay }) {
  const at = (name) => join(root, 'steps', phase, name);
  const [validationJs, uiJs] = await Promise.all([
    textOf({ absWorkingDir: root, entryPoints: [at('validation.ts')], platform: 'neutral', format: 'cjs', target: 'es5', plugins: [toES5], footer: { js: footer } }),
    textOf({ absWorkingDir: root, entryPoints: [at('ui.ts')], platform: 'neutral', format: 'esm', target: 'es2015' }),
  ]);
  return {
    'executor.js': Buffer.concat([executor, Buffer.from(footer)]),
    'validation.js': validationJs,
    'ui.js': uiJs,
    'inputs.json': Buffer.from(inputsJson(at('inputs.ts'))),
    'metadata.json': Buffer.from(builtMetadata(JSON.parse(readFileSync(at('metadata.json'), 'utf8')), version)),
    'logo.svg': readFileSync(at('logo.svg')),
    'relay.js': relay,
  };
}

/** File name and content of a phase's step package. */
export async function stepPackage(options) {
  const { id } = JSON.parse(readFileSync(join(options.root, 'steps', options.phase, 'metadata.json'), 'utf8'));
  return [`${id}.${options.version}.zip`, zip(await stepPackageFiles(options))];
}

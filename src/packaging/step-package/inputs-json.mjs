// inputs.json of a step package: JSON Schema of the inputs with Octopus' own keywords (step-packages.md 3.2 and 6).
import { readFileSync } from 'node:fs';
import { createFormatter, createParser, DefinitionType, SchemaGenerator } from 'ts-json-schema-generator';
import ts from 'typescript';

const SERVER_TYPES = ['PackageReference', 'SensitiveValue', 'ContainerImageReference'];
const ACCOUNT_TYPES = ['AzureServicePrincipal', 'AmazonWebServicesAccount', 'GoogleCloudAccount', 'SshKeyPair', 'Token', 'UsernamePassword'];

/** Types that Octopus knows are told by their name alone, wherever they come from. */
const byName = (names, definition) => ({
  supportsType: (type) => type instanceof DefinitionType && names.includes(type.getName()),
  getDefinition: (type) => definition(type.getName()),
  getChildren: () => [],
});

/** One parse of TypeScript's own library for all phases, which costs more than everything else here. */
const parsed = new Map();
const options = { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.CommonJS, noEmit: true, strictNullChecks: true, allowImportingTsExtensions: true, types: [] };
const host = ts.createCompilerHost(options);
const readSource = host.getSourceFile.bind(host);
host.getSourceFile = (name, ...rest) => {
  if (!parsed.has(name)) parsed.set(name, readSource(name, ...rest));
  return parsed.get(name);
};

/** The text of inputs.json for an inputs.ts. Throws when its default export has no definition, which the official builder lets pass. */
export function inputsJson(path) {
  const config = { path, type: '*', expose: 'all', jsDoc: 'extended', topRef: true, additionalProperties: true, encodeRefs: false, skipTypeCheck: true, sortProps: false, strictTuples: false };
  const program = ts.createProgram([path], options, host);
  const formatter = createFormatter(config, (chain) => {
    chain.addTypeFormatter(byName(SERVER_TYPES, (name) => ({ type: 'object', [`is${name}`]: true })));
    chain.addTypeFormatter(byName(ACCOUNT_TYPES, (name) => ({ type: 'string', isAccount: true, accountType: name })));
  });
  const schema = new SchemaGenerator(program, createParser(program, config), formatter, config).createSchema(config.type);
  const root = /^export default (?:interface )?(\w+)/m.exec(readFileSync(path, 'utf8'))?.[1];
  const definition = schema.definitions?.[root];
  if (definition === undefined) throw new Error(`${path}: the default export must be a named type.`);
  definition.isRoot = true;
  return JSON.stringify(schema, null, 4);
}

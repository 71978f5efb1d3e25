// inputs.json of a step package: JSON Schema of the inputs with Octopus' own keywords (step-packages.md 3.2 and 6).
import { readFileSync } from 'node:fs';
import { createFormatter, createParser, DefinitionType, SchemaGenerator } from 'ts-json-schema-generator';
import { inputsProgram } from '../inputs-program.mjs';

const SERVER_TYPES = ['PackageReference', 'SensitiveValue', 'ContainerImageReference'];
const ACCOUNT_TYPES = ['AzureServicePrincipal', 'AmazonWebServicesAccount', 'GoogleCloudAccount', 'SshKeyPair', 'Token', 'UsernamePassword'];

/** Types that Octopus knows are told by their name alone, wherever they come from. */
const byName = (names, definition) => ({
  supportsType: (type) => type instanceof DefinitionType && names.includes(type.getName()),
  getDefinition: (type) => definition(type.getName()),
  getChildren: () => [],
});

/** The text of inputs.json for an inputs.ts. Throws when its default export has no definition, which the official builder lets pass. */
export function inputsJson(path) {
  const config = { path, type: '*', expose: 'all', jsDoc: 'extended', topRef: true, additionalProperties: true, encodeRefs: false, skipTypeCheck: true, sortProps: false, strictTuples: false };
  const program = inputsProgram(path);
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

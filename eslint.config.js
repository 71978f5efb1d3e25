import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const root = dirname(fileURLToPath(import.meta.url));

/**
 * Dependencies point one way (docs: layout): a folder may import itself, and folders of its own or a lower level. Folders of one level are
 * peers. Unlisted folders (sandbox, test) are held by rules of their own.
 */
const LEVELS = {
  errors: 0, ports: 0, certificates: 0, schema: 0,
  gates: 1, octopus: 1, server: 1, tentacle: 1, journal: 1, mailbox: 1,
  report: 2,
  phases: 3, rotations: 4, runners: 5,
  packaging: 6, install: 6,
  cli: 7, steps: 7,
};

/** The folder of the project that a file lies in: below src/ its name, else the top folder's. */
function folderOf(file) {
  const parts = relative(root, file).split(sep);
  return parts[0] === 'src' ? parts[1] : parts[0];
}

const direction = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      upwards: '{{from}} must not import {{to}}: dependencies point steps, cli, install -> runners -> rotations -> phases -> report -> gates, octopus, server, tentacle, journal, mailbox -> ports, errors, certificates, schema.',
      apart: '{{from}} must not import {{to}}: product and sandbox are two ends of a wire and share no code.',
    },
  },
  create(context) {
    const from = folderOf(context.filename);
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== 'string' || !source.startsWith('.')) return;
      const to = folderOf(resolve(dirname(context.filename), source));
      if (to === from) return;
      if ((from === 'sandbox' && (to in LEVELS)) || (to === 'sandbox' && (from in LEVELS))) {
        context.report({ node, messageId: 'apart', data: { from, to } });
        return;
      }
      // The inputs of a step are interfaces only, which the phase that they belong to is typed by.
      const isInputs = from === 'phases' && to === 'steps' && node.importKind === 'type';
      if (!isInputs && from in LEVELS && to in LEVELS && LEVELS[to] > LEVELS[from]) context.report({ node, messageId: 'upwards', data: { from, to } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};

/** Folders that are handed their effects (src/ports) and reach for none themselves. */
const PURE = ['phases', 'gates', 'rotations', 'octopus', 'server', 'tentacle', 'certificates', 'journal', 'mailbox', 'report', 'install', 'schema'];
const HANDED = 'is handed in through src/ports: below runners and cli nothing reaches for it by itself.';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.rehearsal/', 'schemas/types/', 'test/conformance/*/node_modules/'] },
  ...tseslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { project: { rules: { direction } } },
    rules: {
      'project/direction': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      'no-console': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
    },
  },
  {
    files: PURE.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-globals': ['error', ...['setTimeout', 'setInterval', 'setImmediate', 'process', 'performance', 'fetch'].map((name) => ({ name, message: `${name} ${HANDED}` }))],
      'no-restricted-imports': ['error', { patterns: [{ regex: '^(node:)?(fs|fs/promises|child_process|net|tls|http|https|timers|timers/promises|process|os|worker_threads)$', message: `This ${HANDED}` }] }],
      'no-restricted-syntax': [
        'error',
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: `Date.now ${HANDED}` },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: `The time ${HANDED}` },
        { selector: "CallExpression[callee.name='Date']", message: `The time ${HANDED}` },
        { selector: "MemberExpression[object.name='Math'][property.name='random']", message: `Randomness ${HANDED}` },
      ],
    },
  },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['test/**/*.ts', '**/*.mjs', '**/*.js'], rules: { 'project/direction': 'off' } },
);

import tseslint from 'typescript-eslint';

/** What makes two runs of the pure core differ, or a sum inexact. The message says what to do instead. */
const impure = [
  {
    selector: "NewExpression[callee.name='Date'], MemberExpression[object.name='Date']",
    message: 'Time is the record’s: take it as an argument.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Ids and choices are derived, not drawn.',
  },
  {
    selector: 'MemberExpression[property.name=/^(localeCompare|toLocaleString|toLocaleUpperCase|toLocaleLowerCase)$/]',
    message: 'Depends on the machine’s locale: compare code units.',
  },
  {
    selector:
      'AwaitExpression, FunctionDeclaration[async=true], FunctionExpression[async=true], ArrowFunctionExpression[async=true], ForOfStatement[await=true]',
    message: 'The core is synchronous: it does no I/O.',
  },
  {
    selector: 'Literal[raw=/^[0-9_]*\\.[0-9]|^[0-9.]+e/i]',
    message: 'No floats: money, prices and quantities are Decimal (bigint).',
  },
  {
    selector: "BinaryExpression[operator='/'] > Literal.right[raw=/^[0-9]+$/], AssignmentExpression[operator='/=']",
    message: 'number division makes floats: use Decimal.',
  },
  {
    selector: 'CallExpression[callee.name=/^(Number|parseFloat)$/]',
    message: 'No floats: use the Decimal functions of contracts/decimal.',
  },
  {
    selector: "MemberExpression[object.name='Number'][property.name=/^(parseFloat|EPSILON)$/]",
    message: 'No floats: use the Decimal functions of contracts/decimal.',
  },
];

export default tseslint.config(
  // The examples are projects of their own, on the installed package: test/package compiles them.
  { ignores: ['dist', 'coverage', 'node_modules', 'examples'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      // It does not know that a branded bigint is a bigint.
      '@typescript-eslint/no-unsafe-unary-minus': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/domain/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...impure],
      'no-restricted-globals': [
        'error',
        'process',
        'performance',
        'crypto',
        'fetch',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'Intl',
        'console',
        'require',
        'globalThis',
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', 'fs', 'crypto', 'os', 'pino', 'kafkajs', 'avsc', 'yaml', 'classic-level'],
              message: 'src/domain is pure: no I/O, no serialisation.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.spec.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-console': 'off',
    },
  },
);

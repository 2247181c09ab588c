/**
 * What the linter holds beyond the compiler: above all, no promise is left without somebody who
 * waits for it. Layout is prettier's; rooms, sizes and names are held by test/layout.test.ts.
 */
import tseslint from 'typescript-eslint';

const promises = {
  '@typescript-eslint/no-floating-promises': [
    'error',
    // A tap subtest is queued by its parent, which waits for it and reports its failure.
    {
      allowForKnownSafePromises: [
        { from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' },
      ],
    },
  ],
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
};

export default tseslint.config(
  { ignores: ['dist/', '.tap/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...promises,
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['**/*.mjs'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    rules: promises,
  },
);

import tseslint from 'typescript-eslint';

export default tseslint.config({ ignores: ['dist', 'node_modules', '.data'] }, ...tseslint.configs.recommended, {
  files: ['**/*.ts'],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    // A promise nobody waits for is a lost error: in this product that may be a lost restore.
    '@typescript-eslint/no-floating-promises': 'error',
    '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
    '@typescript-eslint/consistent-type-imports': 'error',
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    'max-lines-per-function': 'off',
    eqeqeq: 'error',
  },
});

import path from 'node:path'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import { layersRule, pureFiles } from './layers.js'

const root = path.join(import.meta.dirname, '..')
const impure = ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'process']

const noPortList = {
  object: 'SerialPort',
  property: 'list',
  message: 'it ends the process where there is no udevadm, as in slim containers',
}

export default defineConfig(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/gen/**',
      '**/*.mjs',
      '.config/**',
      'docs/api/**',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { house: { rules: { layers: layersRule } } },
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['.config/vitest.config.ts'] },
        tsconfigRootDir: root,
      },
    },
    rules: {
      'house/layers': 'error',
      'max-lines': ['error', { max: 300 }],
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'a union of literals instead' },
        { selector: 'TSModuleDeclaration', message: 'no namespaces' },
        { selector: 'TSParameterProperty', message: 'no parameter properties' },
      ],
      'no-restricted-properties': ['error', noPortList],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/require-await': 'off',
      // Objects here are closures: their functions have no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    ...pureFiles('packages/core/src'),
    rules: {
      'no-restricted-globals': ['error', ...impure],
      'no-restricted-properties': ['error', noPortList, { object: 'Math', property: 'random' }],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.suite.ts', 'test/**'],
    rules: { 'max-lines': ['error', { max: 500 }] },
  },
)

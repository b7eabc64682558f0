// The longer exams: run before a piece of work is closed, not on every change.
import base from './jest.config.js';

export default {
  ...base,
  testMatch: ['**/*.long.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 1_200_000,
};

// The long exams: the same as jest.config.js, and only what plain `npm test` leaves out.
import short from './jest.config.js';

export default {
  ...short,
  testMatch: ['**/*.long.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};

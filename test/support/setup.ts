import 'reflect-metadata';

// A forgotten promise must fail the test that forgot it, not pass silently.
process.on('unhandledRejection', (reason) => {
  throw reason instanceof Error ? reason : new Error(String(reason));
});

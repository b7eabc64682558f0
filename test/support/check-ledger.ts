/** One check of the ledger for tests and for the demo, which may not import tests. */
export { ledgerFaults } from '../../demo/ledger-faults.js';

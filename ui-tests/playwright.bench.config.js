const config = require('./playwright.config');

// Figures, not verdicts: each test prints what it has measured.
module.exports = { ...config, testDir: './bench' };

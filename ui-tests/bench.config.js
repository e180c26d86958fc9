const config = require('./playwright.config');

// The same server as the tests'; figures are printed as lines `<what>: …`.
module.exports = { ...config, testDir: './bench', timeout: 300_000 };

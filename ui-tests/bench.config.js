const config = require('./playwright.config');

// One after the other, on servers like the tests'; figures are printed as lines `<what>: …`.
module.exports = { ...config, testDir: './bench', timeout: 300_000, workers: 1 };

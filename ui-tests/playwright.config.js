const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const { findChromium } = require('./chromium');

const executablePath = findChromium();
if (!executablePath) {
  throw new Error('No Chromium found: run `jlpm browser`, or say where it is with CHROMIUM.');
}

// There is no server here: each worker starts one for itself (tests/fixtures.ts).
module.exports = {
  ...baseConfig,
  // Machines that test are slow and do other things beside it; what is there is taken at once.
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: [['list']],
  retries: 0,
  testDir: './tests',
  timeout: 180_000,
  workers: 2,
  use: {
    ...baseConfig.use,
    launchOptions: {
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      executablePath
    },
    trace: 'off',
    video: 'off',
    viewport: { width: 1280, height: 720 }
  }
};

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const { findChromium } = require('./chromium');

// Workers load this file again and must come to the same port: the environment hands it down.
process.env.UI_TESTS_PORT ??= execFileSync(
  process.execPath,
  [path.join(__dirname, 'free-port.js')],
  {
    encoding: 'utf8'
  }
).trim();
const url = `http://127.0.0.1:${process.env.UI_TESTS_PORT}`;
process.env.TARGET_URL = url;

const executablePath = findChromium();
if (!executablePath) {
  throw new Error('No Chromium found: run `jlpm browser`, or say where it is with CHROMIUM.');
}

module.exports = {
  ...baseConfig,
  // Machines that test are slow and do other things beside it; what is there is taken at once.
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [['list']],
  retries: 0,
  testDir: './tests',
  timeout: 120_000,
  workers: 1,
  use: {
    ...baseConfig.use,
    baseURL: url,
    launchOptions: {
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      executablePath
    },
    trace: 'off',
    video: 'off',
    viewport: { width: 1280, height: 720 }
  },
  webServer: {
    command: 'exec python server.py',
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
    reuseExistingServer: false,
    // The first start on a machine makes the channel.
    timeout: 180_000,
    url: `${url}/dataflow-envs/health`
  }
};

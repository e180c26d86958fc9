const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const port = process.env.UI_TESTS_PORT ?? '8987';
const url = `http://127.0.0.1:${port}`;
process.env.TARGET_URL = url;

module.exports = {
  ...baseConfig,
  forbidOnly: true,
  reporter: [['list']],
  retries: 0,
  testDir: './tests',
  workers: 1,
  use: {
    ...baseConfig.use,
    baseURL: url,
    launchOptions: {
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium'
    },
    trace: 'off',
    video: 'off'
  },
  webServer: {
    command: 'jlpm start',
    reuseExistingServer: false,
    timeout: 60_000,
    url: `${url}/lab`
  }
};

// Where Chromium is; `node chromium.js --install` installs it first when it is missing.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { chromium } = require('@playwright/test');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** What CHROMIUM names, else the system's, else the one that Playwright has downloaded; null when there is none. */
function findChromium() {
  if (process.env.CHROMIUM) {
    return process.env.CHROMIUM;
  }
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const found = NAMES.flatMap(name => folders.map(folder => path.join(folder, name)));
  found.push(chromium.executablePath());
  return found.find(isExecutable) ?? null;
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** With the system's package manager where that is allowed, else as Playwright's own download. */
function installChromium() {
  const apt = ['apt-get', '-y', '-q', '--no-install-recommends'];
  const ways = [
    ...(process.getuid?.() === 0
      ? [
          [
            ['apt-get', 'update', '-q'],
            [...apt, 'install', 'chromium', 'fonts-dejavu-core']
          ]
        ]
      : []),
    [['jlpm', 'playwright', 'install', 'chromium']]
  ];
  for (const commands of ways) {
    const done = commands.every(([program, ...words]) => {
      const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      delete environment.PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD;
      return spawnSync(program, words, { env: environment, stdio: 'inherit' }).status === 0;
    });
    if (done && findChromium()) {
      return;
    }
  }
}

module.exports = { findChromium };

if (require.main === module) {
  if (!findChromium() && process.argv.includes('--install')) {
    installChromium();
  }
  const found = findChromium();
  if (!found) {
    console.error(
      'No Chromium found. Install it, or say where it is with CHROMIUM=/path/to/chromium.'
    );
    process.exit(1);
  }
  console.log(found);
}

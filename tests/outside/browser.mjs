// Drives maps in a real Chromium: `node browser.mjs PAGES`, where PAGES is a JSON file with {screenshots, pages}, each
// page {name, file, address, keyboard}: the address must be found, and with `keyboard` every pool be reached by keys.
// Prints one line a fault and `drove N pages`; exits 1 when there was a fault, 3 when there is no browser.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const places = (process.env.PATH ?? '').split(path.delimiter);
const found = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) => places.map((place) => path.join(place, name))).find((file) => fs.existsSync(file));
if (!found) {
  console.log('SKIPPED no Chromium: on Debian `apt-get install chromium` installs it');
  process.exit(3);
}
const { screenshots, pages } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const faults = [];
// In a container there is no user to set up Chromium's own sandbox with; the pages are ours.
const browser = await chromium.launch({ executablePath: found, args: ['--no-sandbox'] });

async function serious(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.length} times, such as ${nodes[0].html.slice(0, 160)}`);
}

for (const { name, file, address, keyboard } of pages) {
  const fault = (message) => faults.push(`${name}: ${message}`);
  for (const scheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const own = pathToFileURL(file).href;
    page.on('request', (request) => { if (request.url() !== own && !/^(data|blob):/.test(request.url())) fault(`asks for ${request.url()}`); });
    page.on('console', (message) => { if (message.type() === 'error') fault(`console: ${message.text()}`); });
    page.on('pageerror', (error) => fault(`error: ${error.message}`));
    const started = Date.now();
    await page.goto(own);
    await page.waitForSelector('html[data-ready=true]', { timeout: 20000 });
    const took = Date.now() - started;
    console.log(`${name} ${scheme}: opened in ${took} ms, ${fs.statSync(file).size} bytes`);
    if (screenshots) await page.screenshot({ path: path.join(screenshots, `${name}-${scheme}.png`) });
    // What only a pattern tells must be drawn, and nothing may lie beside the page.
    const bare = await page.evaluate(() => [...document.querySelectorAll('pattern > *')].filter((line) => getComputedStyle(line).stroke === 'none').map((line) => line.className.baseVal));
    if (bare.length > 0) fault(`${scheme}: patterns without a colour: ${bare}`);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (beyond > 0) fault(`${scheme}: ${beyond} pixels wider than the window`);

    if (address) {
      // With keys alone: from the search to the row.
      await page.focus('#query');
      await page.keyboard.type(address);
      await page.waitForFunction((text) => document.querySelector('#results')?.textContent.includes(text), address, { timeout: 10000 }).catch(() => fault(`does not find ${address}`));
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => document.activeElement?.closest('#results'), null, { timeout: 5000 }).catch(() => fault('Enter does not lead to the results'));
      const buttons = await page.locator('#results button').allTextContents();
      const at = buttons.findIndex((text) => text.endsWith(`: ${address}`));
      if (at >= 0) {
        for (let step = 0; step < at; step++) await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await page.waitForSelector('tr.found', { timeout: 5000 }).catch(() => fault(`no row for ${address}`));
        const row = await page.evaluate(() => document.activeElement.textContent);
        if (!row.includes(address)) fault(`the focus is on ${JSON.stringify(row.slice(0, 80))}`);
      } else fault(`no result is for ${address} alone: ${buttons.slice(0, 5)}`);
      if (screenshots) await page.screenshot({ path: path.join(screenshots, `${name}-${scheme}-found.png`) });
    }
    if (keyboard && scheme === 'light') {
      await page.evaluate(() => { document.querySelectorAll('details[open]').forEach((part) => { part.open = false; }); window.scrollTo(0, 0); document.activeElement.blur(); });
      const every = await page.evaluate(() => [...document.querySelectorAll('details.pool')].map((part) => part.id));
      const reached = new Set();
      for (let step = 0; step < every.length * 2 + 300 && reached.size < every.length; step++) {
        await page.keyboard.press('Tab');
        const id = await page.evaluate(() => document.activeElement?.localName === 'summary' ? document.activeElement.parentElement.id : '');
        if (!id || reached.has(id)) continue;
        reached.add(id);
        if (reached.size <= 3) {
          await page.keyboard.press('Enter');
          await page.waitForFunction((part) => document.getElementById(part).querySelector('.body > table, .body > p, .body table'), id, { timeout: 5000 }).catch(() => fault(`${id} does not open`));
        }
      }
      const missed = every.filter((id) => !reached.has(id));
      if (missed.length > 0) fault(`keys do not reach ${missed.length} of ${every.length} pools, such as ${missed[0]}`);
      console.log(`${name}: keys reach ${reached.size} of ${every.length} pools`);
    }
    for (const violation of await serious(page)) {
      if (/^(serious|critical)/.test(violation)) fault(`${scheme}: axe: ${violation}`); else console.log(`${name} ${scheme}: axe: ${violation}`);
    }
    await context.close();
  }
}
await browser.close();
for (const fault of faults) console.log(`FAULT ${fault}`);
console.log(`drove ${pages.length} pages`);
process.exit(faults.length ? 1 : 0);

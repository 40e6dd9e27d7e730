// Drives pages in a real Chromium: `node browser.mjs PAGES`, where PAGES is a JSON file with {screenshots, pages}, each
// page {name, file, kind, dark, ...}. Every kind must ask nothing but itself, make no error, and never be wider than the
// window, at 1280 and at 400 pixels and on paper; with `dark` in dark as well as in light.
//   map      a page with a search and pools: `address` must be found with keys alone, keys must reach every pool, and
//            with `limit` the best of three tries must have opened within so many milliseconds; with `sides` before and
//            after must stand beside each other where there is room and below each other where there is none
//   report   a page without scripts
//   drawing  an SVG by itself
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

const WIDE = 1280;
const NARROW = 400;
// Wide enough for two states beside each other.
const DESK = 1700;
// A4 less the margins, at 96 pixels to the inch.
const PAPER = 703;

// The browser's own clock, from the start of the navigation until the page is ready and painted.
const CLOCK = () => {
  new MutationObserver((_, observer) => {
    if (!document.documentElement?.dataset.ready) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.opened = performance.now(); }));
  }).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-ready'] });
};

async function opened({ file, kind }, fault, options, use) {
  const context = await browser.newContext({ viewport: { width: WIDE, height: 900 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await page.addInitScript(CLOCK);
  const own = pathToFileURL(file).href;
  page.on('request', (request) => { if (request.url() !== own && !/^(data|blob):/.test(request.url())) fault(`asks for ${request.url()}`); });
  page.on('console', (message) => { if (message.type() === 'error') fault(`console: ${message.text()}`); });
  page.on('pageerror', (error) => fault(`error: ${error.message}`));
  await page.goto(own);
  if (kind === 'map') await page.waitForFunction(() => window.opened, null, { timeout: 20000 });
  await use(page);
  await context.close();
}

const shot = (page, name, full) => screenshots && page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: full });

// Nothing beside the window, no text of a drawing over another or outside of it, and every pattern drawn.
async function laidOut(page, fault) {
  const wrong = await page.evaluate(() => {
    const wrong = [];
    const beyond = document.documentElement.scrollWidth - window.innerWidth;
    if (document.documentElement.localName === 'html' && beyond > 0) wrong.push(`${beyond} pixels wider than the window`);
    for (const svg of document.querySelectorAll('figure > svg, :root:is(svg)')) {
      const texts = [...svg.querySelectorAll('text')].map((text) => ({ text: text.textContent, ...text.getBoundingClientRect().toJSON() })).filter(({ width }) => width > 0);
      const { left, right } = svg.getBoundingClientRect();
      for (const each of texts) if (each.left < left - 1 || each.right > right + 1) wrong.push(`${JSON.stringify(each.text)} reaches beyond its drawing`);
      texts.sort((a, b) => a.top - b.top);
      texts.forEach((one, at) => {
        for (const two of texts.slice(at + 1)) {
          if (two.top >= one.bottom - 3) break;
          if (one.left < two.right - 1 && two.left < one.right - 1) wrong.push(`${JSON.stringify(one.text)} and ${JSON.stringify(two.text)} lie over each other`);
        }
      });
    }
    const bare = [...document.querySelectorAll('pattern > *')].filter((line) => getComputedStyle(line).stroke === 'none');
    if (bare.length > 0) wrong.push(`patterns without a colour: ${bare.map((line) => line.className.baseVal)}`);
    return wrong;
  });
  for (const each of wrong.slice(0, 5)) fault(each);
}

async function accessible(page, fault, note) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const { id, impact, nodes } of violations) {
    const told = `axe: ${impact} ${id}: ${nodes.length} times, such as ${nodes[0].html.slice(0, 160)}`;
    if (/^(serious|critical)/.test(impact)) fault(told); else note(told);
  }
}

// With keys alone: from the search to the row.
async function finds(page, address, fault) {
  await page.focus('#query');
  await page.keyboard.type(address);
  await page.waitForFunction((text) => document.querySelector('#results')?.textContent.includes(text), address, { timeout: 10000 }).catch(() => fault(`does not find ${address}`));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.closest('#results'), null, { timeout: 5000 }).catch(() => fault('Enter does not lead to the results'));
  const buttons = await page.locator('#results button').allTextContents();
  const at = buttons.findIndex((text) => text.endsWith(`: ${address}`));
  if (at < 0) return fault(`no result is for ${address} alone: ${buttons.slice(0, 5)}`);
  for (let step = 0; step < at; step++) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('tr.found', { timeout: 5000 }).catch(() => fault(`no row for ${address}`));
  const row = await page.evaluate(() => document.activeElement.textContent);
  if (!row.includes(address)) fault(`the focus is on ${JSON.stringify(row.slice(0, 80))}`);
}

async function reachesEveryPool(page, fault, note) {
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
  note(`keys reach ${reached.size} of ${every.length} pools`);
}

async function besideEachOther(page, fault) {
  const pair = () => page.evaluate(() => [...document.querySelectorAll('.sides')].map((sides) => [...sides.children].map((side) => side.getBoundingClientRect().toJSON())));
  await page.setViewportSize({ width: DESK, height: 900 });
  const wide = await pair();
  if (wide.length === 0) fault('has no two states');
  for (const [before, after] of wide) if (!(after.left >= before.right && after.top === before.top)) fault('before and after are not beside each other on a wide page');
  await page.setViewportSize({ width: NARROW, height: 800 });
  for (const [before, after] of await pair()) if (!(after.top >= before.bottom && after.left === before.left)) fault('before and after are not below each other on a narrow page');
}

async function printed(page, name, fault, note) {
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: PAPER, height: 1000 });
  await laidOut(page, (message) => fault(`on paper: ${message}`));
  const look = await page.evaluate(() => {
    const { color, backgroundColor } = getComputedStyle(document.body);
    const useless = [...document.querySelectorAll('input, button, .skip')].filter((part) => part.checkVisibility());
    const dark = [...document.querySelectorAll('body *')].filter((part) => {
      const [red, green, blue, alpha = 1] = getComputedStyle(part).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [255, 255, 255];
      return alpha > 0 && red + green + blue < 300;
    });
    return { color, backgroundColor, useless: useless.length, dark: dark.map((part) => part.outerHTML.slice(0, 80)) };
  });
  if (look.color !== 'rgb(0, 0, 0)' || look.backgroundColor !== 'rgb(255, 255, 255)') fault(`on paper: ${look.color} on ${look.backgroundColor}`);
  if (look.useless > 0) fault(`on paper: ${look.useless} things that only a screen can use`);
  if (look.dark.length > 0) fault(`on paper: a dark ground, such as ${look.dark[0]}`);
  const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true });
  const sheets = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  if (sheets === 0) fault('on paper: no sheet');
  note(`prints on ${sheets} sheets`);
  if (screenshots) fs.writeFileSync(path.join(screenshots, `${name}.pdf`), pdf);
}

for (const { name, file, kind, dark, address, limit, sides } of pages) {
  const told = (message) => console.log(`${name}: ${message}`);
  const fault = (message) => faults.push(`${name}: ${message}`);
  const tries = [];
  const schemes = dark ? ['light', 'dark'] : ['light'];
  for (const colorScheme of schemes) {
    const of = (message) => fault(`${colorScheme}: ${message}`);
    await opened({ file, kind }, of, { colorScheme }, async (page) => {
      tries.push(await page.evaluate(() => window.opened));
      await shot(page, `${name}-${colorScheme}`);
      await laidOut(page, of);
      if (kind === 'drawing') {
        const title = await page.evaluate(() => document.documentElement.localName === 'svg' && !document.querySelector('parsererror') && document.querySelector('title')?.textContent);
        if (!title) of('is no drawing with a title');
        return;
      }
      if (address) {
        await finds(page, address, of);
        await shot(page, `${name}-${colorScheme}-found`);
      }
      if (kind === 'map' && colorScheme === 'light') await reachesEveryPool(page, of, told);
      await accessible(page, of, told);
    });
    if (kind === 'drawing') continue;
    await opened({ file, kind }, of, { colorScheme, viewport: { width: NARROW, height: 800 } }, async (page) => {
      tries.push(await page.evaluate(() => window.opened));
      await laidOut(page, (message) => of(`narrow: ${message}`));
      await shot(page, `${name}-${colorScheme}-narrow`);
      if (colorScheme !== schemes.at(-1)) return;
      if (sides) await besideEachOther(page, fault);
      if (sides) { await page.setViewportSize({ width: DESK, height: 900 }); await shot(page, `${name}-desk`); }
      // Whatever the screen looks like, paper is white.
      await printed(page, name, fault, told);
    });
  }
  if (kind === 'map') {
    const best = Math.min(...tries.slice(0, 3));
    told(`opened in ${tries.map(Math.round).join(', ')} ms, ${fs.statSync(file).size} bytes`);
    // A machine may be busy: the best of three tries counts.
    if (limit && !(best < limit)) fault(`opens in ${Math.round(best)} ms at best, and may take ${limit}`);
  }
}
await browser.close();
for (const fault of faults) console.log(`FAULT ${fault}`);
console.log(`drove ${pages.length} pages`);
process.exit(faults.length ? 1 : 0);

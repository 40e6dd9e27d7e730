// The page's own script: rows when a pool is opened, and the search. It asks no network.
//
// The data: words (texts that rows share), and for each side its clusters (pools with their blocks; requests as
// [kind, namespace, name, service, outcomes], kind and namespace being numbers of words) and segments (claims as
// [name, cluster, range]). An outcome is [0, address, pool, pinned, because], [1, ranges, pools, because], [2, reason, because]
// or [3, because]; ranges, reason and because are numbers of words, pools are numbers in the cluster.
'use strict';

const ROWS = 100;
const RESULTS = 50;

async function unpacked() {
  const packed = Uint8Array.from(atob(document.getElementById('data').textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).json();
}
const loaded = unpacked();

// Addresses as numbers: [is IPv6, BigInt], or null.
function number(text) {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split('.').map(Number);
    if (parts.some((part) => part > 255)) return null;
    return [false, parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)];
  }
  if (!text.includes(':')) return null;
  const v4 = text.match(/^(.*:)(\d+\.\d+\.\d+\.\d+)$/);
  if (v4) {
    const low = number(v4[2]);
    if (!low) return null;
    text = v4[1] + (low[1] >> 16n).toString(16) + ':' + (low[1] & 65535n).toString(16);
  }
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half) => half === '' ? [] : half.split(':'));
  const missing = 8 - groups.flat().length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = halves.length === 2 ? [...groups[0], ...Array(missing).fill('0'), ...groups[1]] : groups[0];
  if (all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return null;
  return [true, all.reduce((sum, group) => sum * 65536n + BigInt('0x' + group), 0n)];
}
const spans = new Map();
function span(range) {
  if (!spans.has(range)) {
    const dash = range.indexOf('-');
    const first = number(dash < 0 ? range : range.slice(0, dash));
    const last = dash < 0 ? first : number(range.slice(dash + 1));
    spans.set(range, first && last ? { v6: first[0], first: first[1], last: last[1] } : null);
  }
  return spans.get(range);
}
const holds = (range, [v6, value]) => {
  const of = span(range);
  return of !== null && of.v6 === v6 && of.first <= value && value <= of.last;
};

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const who = (data, request) => {
  const namespace = data.words[request[1]];
  return `${data.words[request[0]]} ${namespace ? namespace + '/' : ''}${request[2]}${request[3] ? ` (Service ${request[3]})` : ''}`;
};
const what = (data, outcome) => {
  switch (outcome[0]) {
    case 0: return outcome[1];
    case 1: return 'one of ' + outcome[1].map((range) => data.words[range]).join(', ');
    case 2: return `pending (${data.words[outcome[1]]})`;
    default: return 'unknown';
  }
};

// Rows by pool of a cluster, made when the first of its pools is opened; -1 is for those without a sure address.
function byPool(data, cluster) {
  if (!cluster.rows) {
    cluster.rows = new Map();
    const put = (pool, row) => cluster.rows.has(pool) ? cluster.rows.get(pool).push(row) : cluster.rows.set(pool, [row]);
    cluster.requests.forEach((request) => request[4].forEach((outcome) => {
      const row = { request, outcome, at: outcome[0] === 0 ? span(outcome[1]) : null };
      if (outcome[0] === 0) put(outcome[2], row);
      else if (outcome[0] === 1) outcome[2].forEach((pool) => put(pool, row));
      else put(-1, row);
    }));
    const order = (a, b) => !a.at || !b.at ? (a.at ? -1 : b.at ? 1 : 0) : a.at.v6 !== b.at.v6 ? (a.at.v6 ? 1 : -1) : a.at.first < b.at.first ? -1 : a.at.first > b.at.first ? 1 : 0;
    for (const rows of cluster.rows.values()) rows.sort(order);
  }
  return cluster.rows;
}

// The pool as a strip: a column an address, or a column for each of many, as high as the part of it that is taken.
function strip(data, blocks, rows) {
  const of = blocks.map(span).filter(Boolean);
  const total = of.reduce((sum, block) => sum + (block.last - block.first + 1n), 0n);
  if (total === 0n) return null;
  const columns = Number(total < 200n ? total : 200n);
  const index = (v6, address) => {
    let before = 0n;
    for (const block of of) {
      if (block.v6 === v6 && block.first <= address && address <= block.last) return Number((before + address - block.first) * BigInt(columns) / total);
      before += block.last - block.first + 1n;
    }
    return -1;
  };
  const each = Number(total) / columns;
  const taken = Array(columns).fill(0);
  const pinned = Array(columns).fill(false);
  const sets = Array(columns).fill(false);
  const seen = new Set();
  for (const { outcome, at } of rows) {
    if (at && !seen.has(outcome[1])) {
      seen.add(outcome[1]);
      const column = index(at.v6, at.first);
      if (column >= 0) {
        taken[column] += 1;
        pinned[column] ||= outcome[3] === 1;
      }
    }
    if (outcome[0] === 1) for (const word of outcome[1]) {
      if (seen.has(word)) continue;
      seen.add(word);
      const range = span(data.words[word]);
      if (!range) continue;
      for (const block of of) {
        const first = block.first > range.first ? block.first : range.first;
        const last = block.last < range.last ? block.last : range.last;
        if (block.v6 !== range.v6 || first > last) continue;
        for (let column = index(block.v6, first); column <= index(block.v6, last); column++) sets[column] = true;
      }
    }
  }
  const width = 1000 / columns;
  const shapes = taken.map((count, column) => {
    const x = (column * width).toFixed(1);
    const w = Math.max(width - (width > 4 ? 1 : 0), 0.5).toFixed(1);
    const height = Math.min(24, count === 0 ? 0 : Math.max(3, 24 * count / each));
    const set = sets[column] ? `<rect class="set" x="${x}" y="1" width="${w}" height="24"/>` : '';
    return `<rect class="pool" x="${x}" y="1" width="${w}" height="24"/>${set}` + (height ? `<rect class="${pinned[column] ? 'taken' : 'predicted'}" x="${x}" y="${25 - height}" width="${w}" height="${height}"/>` : '');
  });
  const some = taken.reduce((sum, count) => sum + count, 0);
  const box = element('div', { class: 'strip' });
  box.innerHTML = `<svg class="map" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" aria-label="${some} of ${total} addresses taken">${shapes.join('')}</svg>`;
  return box;
}

// Fill an opened part once; `wanted` is a row that must be among those shown.
async function fill(details, wanted) {
  const data = await loaded;
  const [kind, side, at, pool] = details.id.split('-');
  const cluster = data.sides[side].clusters[at];
  const rows = byPool(data, cluster).get(kind === 'without' ? -1 : Number(pool)) ?? [];
  const body = details.querySelector('.body');
  if (!body.table) {
    if (kind === 'pool') {
      const drawn = strip(data, cluster.pools[pool].blocks, rows);
      if (drawn) body.append(drawn);
    }
    if (rows.length === 0) {
      body.table = element('p', {}, 'Nobody known asks for an address of it.');
      body.append(body.table);
      return null;
    }
    const label = `Addresses of ${details.querySelector('.name').textContent}`;
    body.rows = element('tbody', {});
    const head = element('tr', {}, ...['Address', 'Who', 'Because'].map((text) => element('th', { scope: 'col' }, text)));
    body.table = element('table', {}, element('thead', {}, head), body.rows);
    body.more = element('button', { type: 'button', class: 'more' });
    body.more.addEventListener('click', () => {
      const next = body.rows.children.length;
      show(data, body, rows, next + ROWS);
      const row = body.rows.children[next];
      row.tabIndex = -1;
      row.focus();
    });
    body.append(element('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': label }, body.table), body.more);
    show(data, body, rows, ROWS);
  }
  const found = wanted ? rows.findIndex((row) => row.outcome === wanted) : -1;
  if (found >= 0) show(data, body, rows, found + 1);
  return found >= 0 ? body.rows.children[found] : null;
}
function show(data, body, rows, upTo) {
  for (const { request, outcome } of rows.slice(body.rows.children.length, upTo)) {
    body.rows.append(element('tr', {},
      element('td', { class: 'address' }, what(data, outcome)),
      element('td', {}, who(data, request)),
      element('td', {}, data.words[outcome[outcome.length - 1]])));
  }
  const left = rows.length - body.rows.children.length;
  body.more.hidden = left <= 0;
  body.more.textContent = `Show ${Math.min(left, ROWS)} more of ${rows.length}`;
}
document.addEventListener('toggle', (event) => {
  if (event.target.matches?.('details.pool') && event.target.open) fill(event.target);
}, true);

async function open(id, wanted) {
  const details = document.getElementById(id);
  if (!details) return;
  details.open = true;
  const row = await fill(details, wanted);
  document.querySelectorAll('tr.found').forEach((old) => old.classList.remove('found'));
  const target = row ?? details.querySelector('summary');
  if (row) { row.classList.add('found'); row.tabIndex = -1; }
  target.scrollIntoView({ block: 'center' });
  target.focus({ preventScroll: true });
}
document.addEventListener('click', (event) => {
  const pool = event.target.closest?.('[data-pool]');
  if (pool) open(pool.dataset.pool);
});

// What is found: [text, id of the part to open, outcome to show].
function* hits(data, query) {
  const address = number(query);
  for (const [side, { label, clusters, segments }] of data.sides.entries()) {
    const prefix = label ? label + ': ' : '';
    if (address) for (const segment of segments) for (const [name, cluster, range] of segment.claims) {
      if (holds(range, address)) yield [`${prefix}${query} is in ${name ?? 'the plan'} of cluster ${cluster}: ${range}`, null, null];
    }
    for (const [at, cluster] of clusters.entries()) {
      const place = `${prefix}cluster ${cluster.name}: `;
      for (const [pool, { name, blocks }] of cluster.pools.entries()) {
        if (address ? blocks.some((range) => holds(range, address)) : name.toLowerCase().includes(query)) {
          yield [`${place}pool ${name}${address ? ' holds ' + query : ''}`, `pool-${side}-${at}-${pool}`, null];
        }
      }
      const plain = address ? [] : query.split('/');
      for (const request of cluster.requests) {
        const named = !address && (plain.length === 2
          ? data.words[request[1]].includes(plain[0]) && request[2].includes(plain[1])
          : request[2].includes(query) || data.words[request[1]].includes(query) || (request[3] ?? '').includes(query));
        for (const outcome of request[4]) {
          const pools = outcome[0] === 0 ? [outcome[2]] : outcome[0] === 1 ? outcome[2] : [];
          const held = address && (outcome[0] === 0 ? holds(outcome[1], address) : outcome[0] === 1 && outcome[1].some((word) => holds(data.words[word], address)));
          if (!named && !held) continue;
          const id = pools.length > 0 ? `pool-${side}-${at}-${pools[0]}` : `without-${side}-${at}`;
          yield [`${place}${who(data, request)}: ${what(data, outcome)}`, id, outcome];
        }
      }
    }
  }
}
const query = document.getElementById('query');
const count = document.getElementById('count');
const results = document.getElementById('results');
let asked = 0;
async function search() {
  const turn = ++asked;
  const data = await loaded;
  if (turn !== asked) return;
  const text = query.value.trim().toLowerCase();
  results.replaceChildren();
  if (text === '') { count.textContent = ''; return; }
  let found = 0;
  const items = [];
  for (const [label, id, outcome] of hits(data, text)) {
    found += 1;
    if (items.length >= RESULTS) continue;
    if (id === null) { items.push(element('li', {}, label)); continue; }
    const button = element('button', { type: 'button' }, label);
    button.addEventListener('click', () => open(id, outcome));
    items.push(element('li', {}, button));
  }
  results.append(...items);
  count.textContent = found === 0 ? 'Nothing found.' : `${found} found${found > items.length ? `, the first ${items.length} are listed` : ''}.`;
}
let waiting = 0;
query.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(search, 120); });
query.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') { event.preventDefault(); search().then(() => results.querySelector('button')?.focus()); }
  if (event.key === 'Escape') { query.value = ''; search(); }
});
loaded.then(() => { document.documentElement.dataset.ready = 'true'; });

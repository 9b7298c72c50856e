// Puts the figures of a report into docs/benchmarks.md, between its markers: `npm run --silent bench > report.json`, then
// `node scripts/bench-report.mjs report.json`. The text around them is left alone; why a budget is missed is for a person to say.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const page = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'benchmarks.md');

const fail = (message) => {
  process.stderr.write(`Error: ${message}\n`);
  process.exit(2);
};

const readReport = (file) => {
  if (file === undefined)
    fail('no report; expected node scripts/bench-report.mjs <report.json>, as `npm run --silent bench` prints it');
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    if (!Array.isArray(report.results) || report.machine === undefined) throw new TypeError('no `results` and `machine`');
    return report;
  } catch (error) {
    return fail(`${file}: ${error.message}; expected what \`npm run --silent bench\` prints`);
  }
};

const grouped = (value) => {
  const [whole, fraction] = String(value).split('.');
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
};
const shown = (value, unit) => `${grouped(value)}${unit === '/s' || unit === 'x' ? '' : ' '}${unit}`;
const bound = ({ budget, unit }) => {
  if (budget === null) return '';
  const [word, limit] = 'at_least' in budget ? ['at least', budget.at_least] : ['at most', budget.at_most];
  return `${word} ${shown(limit, unit)}`;
};
const verdict = ({ ok }) => (ok === null ? '' : ok ? 'met' : '**missed**');
const detailsOf = ({ details }) =>
  Object.entries(details)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? grouped(value) : value}`)
    .join(', ');

const machineText = ({ machine, date, commit, quick }) =>
  `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB, ${machine.platform}, Node ${machine.node.replace(/^v/, '')}; ${date.slice(0, 10)}` +
  `${commit === undefined ? '' : `, commit ${commit}`}; load before: ${machine.load_before}.${quick ? ' **Quick sizes: not comparable.**' : ''}`;
const problemsOf = ({ failed, left_out }) => [
  ...failed.map(({ name, error }) => `| ${name} | could not run: ${error} | | | | |`),
  ...left_out.map(({ name, reason }) => `| ${name} | left out: ${reason} | | | | |`),
];

const resultsText = (report) =>
  [
    machineText(report),
    '',
    '| benchmark | what | result | budget | | details |',
    '|---|---|---|---|---|---|',
    ...report.results.map(
      (result) =>
        `| ${[result.name, result.what, shown(result.value, result.unit), bound(result), verdict(result), detailsOf(result)].join(' | ')} |`,
    ),
    ...problemsOf(report),
  ].join('\n');

/** Of a benchmark with a table of its own: its name is not repeated in each row. */
const ownText = (report) =>
  [
    machineText(report),
    '',
    '| benchmark | what it means | measured | budget | | details |',
    '|---|---|---|---|---|---|',
    ...report.results.map(
      (result) =>
        `| ${[result.name.replace(/^[a-z]+\//, ''), result.what, shown(result.value, result.unit), bound(result), verdict(result), detailsOf(result)].join(' | ')} |`,
    ),
    ...problemsOf(report),
  ].join('\n');

/** By how much, as a share of the budget. */
const short = ({ value, budget }) => {
  const limit = budget.at_least ?? budget.at_most;
  return `${Math.round((Math.abs(value - limit) / limit) * 100)} % ${'at_least' in budget ? 'below' : 'above'}`;
};

const missesText = ({ results }) => {
  const missed = results.filter(({ ok }) => ok === false);
  if (missed.length === 0) return 'Every budget is met.';
  return [
    '| benchmark | result | budget | by how much |',
    '|---|---|---|---|',
    ...missed.map((result) => `| ${[result.name, shown(result.value, result.unit), bound(result), short(result)].join(' | ')} |`),
  ].join('\n');
};

const between = (text, name, replacement) => {
  const [start, end] = [`<!-- ${name}: written by scripts/bench-report.mjs -->`, `<!-- end of ${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) fail(`docs/benchmarks.md: no \`${start}\` with \`${end}\` after it; put the two lines back`);
  return `${text.slice(0, from + start.length)}\n${replacement}\n${text.slice(to)}`;
};

/** Benchmarks with a table of their own. */
const OWN = ['gateway', 'kafka', 'scale'];

/** The part of a report that belongs into one table; `other`: what has none of its own. */
const part = ({ results, failed = [], left_out = [], ...rest }, table) => {
  const belongs = ({ name }) => (OWN.includes(name.split('/')[0]) ? name.split('/')[0] : 'other') === table;
  return { ...rest, results: results.filter(belongs), failed: failed.filter(belongs), left_out: left_out.filter(belongs) };
};
const isEmpty = ({ results, failed, left_out }) => results.length + failed.length + left_out.length === 0;

const report = readReport(process.argv[2]);
const [others, gateway, kafka, scale] = ['other', ...OWN].map((table) => part(report, table));
let text = readFileSync(page, 'utf8');
// A report of some benchmarks only leaves the tables alone that it says nothing about.
if (!isEmpty(others)) text = between(between(text, 'results', resultsText(others)), 'misses', missesText(others));
if (!isEmpty(gateway)) text = between(text, 'gateway', ownText(gateway));
if (!isEmpty(kafka)) text = between(between(text, 'kafka', ownText(kafka)), 'kafka misses', missesText(kafka));
if (!isEmpty(scale)) text = between(text, 'scale', ownText(scale));
writeFileSync(page, text);

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, PROBLEMS, problemText } from './problem';

it('the table in docs/http.md is this one', () => {
  const page = readFileSync(join(__dirname, '../../../docs/http.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z_]+)` \| (\d{3}) \| (.+) \|$/gm)].map(([, code, status, title]) => [
    code,
    Number(status),
    title,
  ]);
  expect(rows).toEqual(Object.entries(PROBLEMS).map(([code, { status, title }]) => [code, status, title]));
});

it('the document has what RFC 9457 names, the code, and the names of the first program', () => {
  const parts = { detail: 'qty: expected a number', field: 'intent.qty', expected: 'a number', members: { line: 3 } };
  expect(JSON.parse(problemText(new Problem('invalid_json', parts)))).toEqual({
    type: 'urn:policygate-capital:problem:invalid_json',
    title: 'The body is not what is expected',
    status: 400,
    detail: 'qty: expected a number',
    code: 'invalid_json',
    field: 'intent.qty',
    expected: 'a number',
    line: 3,
    error: 'invalid_json',
    message: 'qty: expected a number',
  });
});

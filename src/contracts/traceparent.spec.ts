import { traceIdOf, traceparentOf, validTraceparent } from './traceparent';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const VALID = `00-${TRACE}-00f067aa0ba902b7-01`;

describe('a traceparent', () => {
  it.each([
    ['of version 00', VALID],
    ['that is not sampled', `00-${TRACE}-00f067aa0ba902b7-00`],
    ['of a version to come', `cc-${TRACE}-00f067aa0ba902b7-01`],
    ['of a version to come, with what this one does not know', `cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-brings`],
  ])('%s is taken as it is', (_, text) => {
    expect(validTraceparent(text)).toBe(text);
    expect(traceIdOf(text)).toBe(TRACE);
  });

  // The cases of the specification's own test suite.
  it.each([
    ['nothing', ''],
    ['upper case', VALID.toUpperCase()],
    ['the version that is forbidden', `ff-${TRACE}-00f067aa0ba902b7-01`],
    ['no trace id', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['no parent id', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a trace id that is too short', `00-${TRACE.slice(1)}-00f067aa0ba902b7-01`],
    ['characters that are not hex', `00-${TRACE.replace('4', 'g')}-00f067aa0ba902b7-01`],
    ['more than version 00 has', `${VALID}-what-the-future-brings`],
    ['more without a dash', `cc${VALID.slice(2)}.more`],
    ['flags that are too short', VALID.slice(0, -1)],
    ['two in one', `${VALID},${VALID}`],
    ['blanks around it', ` ${VALID}`],
    ['a text without end', `cc${VALID.slice(2)}-${'x'.repeat(200)}`],
  ])('with %s is none', (_, text) => {
    expect(validTraceparent(text)).toBeUndefined();
    expect(traceIdOf(text)).toBeUndefined();
    expect(traceparentOf({ traceparent: text })).toBeUndefined();
  });

  it('is read from a record’s headers, where it may be missing', () => {
    expect(traceparentOf({ traceparent: VALID, recorded_at: 'now' })).toBe(VALID);
    expect(traceparentOf({})).toBeUndefined();
    expect(traceIdOf(undefined)).toBeUndefined();
  });
});

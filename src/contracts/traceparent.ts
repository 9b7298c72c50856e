/**
 * The header `traceparent` of W3C Trace Context: whose work a record is part of. It says nothing that is decided by: it stands in the headers of records, beside
 * what is hashed, and goes from an intent to its decision, its audit records and the events of its order. Source: https://www.w3.org/TR/trace-context/, "Traceparent
 * Header"; docs/adr/0012.
 */
type Headers = Readonly<Record<string, string>>;

/** The name of the header, of records and of HTTP requests. */
export const TRACEPARENT = 'traceparent';

/** Of version 00, as everybody writes it: looked at for each record, so it makes nothing. */
const COMMON = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** Of versions to come, what follows is theirs; ff is none. */
const OTHER = /^(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
/** No record carries a text without end. */
const LONGEST = 128;
const TRACE_ID = { at: 3, end: 35 } as const;

/** The value, if it is one; undefined: it is not, and whoever takes it acts as if it were not there, as the specification has it. */
export const validTraceparent = (text: string | undefined): string | undefined => {
  if (text === undefined || text.length > LONGEST) return undefined;
  return COMMON.test(text) || OTHER.test(text) ? text : undefined;
};

/** What a record's headers say, if they say it. */
export const traceparentOf = (headers: Headers): string | undefined => validTraceparent(headers[TRACEPARENT]);

/** The trace id, 32 hex digits, for logs; undefined: there is none. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  validTraceparent(traceparent)?.slice(TRACE_ID.at, TRACE_ID.end);

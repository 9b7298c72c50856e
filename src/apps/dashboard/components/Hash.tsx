import { announce } from '../state/announcements';

/** A digest: its beginning and end, all of it as the tooltip, copied by a click. */
export const Hash = ({ value, label }: { readonly value: string | null | undefined; readonly label: string }) => {
  if (value === null || value === undefined || value === '') return <span>–</span>;
  const digits = value.replace(/^sha256:/, '');
  const short = digits.length > 20 ? `${digits.slice(0, 8)}…${digits.slice(-6)}` : digits;
  return (
    <button
      type="button"
      class="hash"
      title={`${value} (click to copy)`}
      aria-label={`Copy ${label} ${short}`}
      onClick={() => {
        navigator.clipboard.writeText(value).then(
          () => announce(`${label} copied`),
          () => announce('This browser does not let the page copy'),
        );
      }}
    >
      {short}
    </button>
  );
};

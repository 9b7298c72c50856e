/** What a row says beside its columns, in a line: who did what and why. */
import type { Row, TimelineRow } from '../api/documents';
import { exactText } from '../format/exact';

export const noteOf = (row: Row | TimelineRow): string => {
  const parts = said(row).filter((part): part is string => part !== null && part !== undefined && part !== '');
  return parts.join(' · ');
};

const said = (row: Row | TimelineRow): readonly (string | null | undefined)[] => {
  switch (row.kind) {
    case 'DECISION':
      return [row.tripped === true ? 'trips the kill switch' : undefined];
    case 'EXECUTION':
      return [filled(row), row.order_id, row.code, row.reason, row.note];
    case 'CONTROL':
      return [row.type, row.actor === undefined ? undefined : `by ${row.actor ?? ''}`, row.reason, row.note];
    case 'KILL_SWITCH':
      return [
        row.active === true ? 'kill switch tripped' : 'kill switch reset',
        row.cause === undefined ? undefined : `cause ${row.cause ?? ''}`,
        row.actor === undefined ? undefined : `by ${row.actor ?? ''}`,
        row.reason,
      ];
    case 'DUPLICATE':
      return [
        row.conflict === true ? 'the same id with another body' : 'sent again',
        row.decided_seq === undefined ? undefined : `decided at seq ${row.decided_seq}`,
      ];
    default:
      return [row.topic, row.note, row.reason];
  }
};

const filled = ({ cum_qty, leaves_qty, qty, price }: Row | TimelineRow): string | undefined => {
  if (cum_qty === null || cum_qty === undefined) return undefined;
  const part =
    qty === null || qty === undefined || price === null || price === undefined
      ? ''
      : `${exactText(qty)} at ${exactText(price)}, `;
  return `${part}${exactText(cum_qty)} filled, ${exactText(leaves_qty)} open`;
};

import { Name } from '../../components/Name';
import { OrderTag, VerdictTag } from '../../components/Verdict';
import type { GridColumn } from '../../components/VirtualRows';
import { exactText, NOTHING } from '../../format/exact';
import { timeText } from '../../format/time';
import type { StoredRow } from '../../journal/chunk';
import type { JournalStore } from '../../journal/journalStore';

/** What a row that decides nothing is called. */
const NAMES: Readonly<Record<string, string>> = {
  EXECUTION: 'execution',
  CONTROL: 'control',
  KILL_SWITCH: 'kill switch',
  DUPLICATE: 'duplicate',
  REJECTED_INPUT: 'rejected',
};

/** All digits; where the column is too narrow for them, the tooltip has them. */
const figure = (value: StoredRow['qty']) => (value === null ? '' : <span title={exactText(value)}>{exactText(value)}</span>);

const orderOf = (row: StoredRow, store: JournalStore) => {
  if (row.kind !== 'DECISION' || row.verdict === 'DENY') return '';
  const order = store.order(row.intentId);
  return order === undefined ? NOTHING : <OrderTag status={order.status} />;
};

/** The columns of the blotter and of the journal. */
export const columnsFor = (store: JournalStore): readonly GridColumn[] => [
  { name: 'time', head: 'Time (UTC)', cell: ({ clock }) => timeText(clock) },
  { name: 'seq', head: 'Seq', figures: true, cell: ({ seq }) => seq },
  {
    name: 'verdict',
    head: 'Verdict',
    cell: ({ kind, verdict }) =>
      verdict === '' ? <span class="kind">{NAMES[kind] ?? kind.toLowerCase()}</span> : <VerdictTag verdict={verdict} />,
  },
  { name: 'intent', head: 'Intent', cell: ({ intentId }) => <Name>{intentId}</Name> },
  { name: 'strategy', head: 'Strategy', cell: ({ strategyId }) => <Name>{strategyId}</Name> },
  { name: 'symbol', head: 'Symbol', cell: ({ symbol }) => <Name>{symbol}</Name> },
  { name: 'side', head: 'Side', cell: ({ side }) => <span class={`side-${side}`}>{side}</span> },
  { name: 'qty', head: 'Qty', figures: true, cell: ({ qty }) => figure(qty) },
  {
    name: 'limit',
    head: 'Limit',
    figures: true,
    cell: ({ kind, limitPrice }) => (kind === 'DECISION' && limitPrice === null ? 'mkt' : figure(limitPrice)),
  },
  { name: 'admitted', head: 'Admitted', figures: true, cell: ({ orderQty }) => figure(orderQty) },
  { name: 'price', head: 'Price', figures: true, cell: ({ price }) => figure(price) },
  {
    name: 'order',
    head: 'Order',
    cell: (row) => (row.kind === 'EXECUTION' ? <OrderTag status={row.event.replace(/^ORDER_/, '')} /> : orderOf(row, store)),
  },
  {
    name: 'why',
    head: 'Rules, notes',
    cell: ({ rules, note }) => (
      <span title={[rules, note].filter((text) => text !== '').join(' · ')}>
        {rules !== '' && <span class="rules">{rules}</span>} {note}
      </span>
    ),
  },
];

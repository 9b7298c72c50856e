import type { Accounts, Portfolio } from '../../api/documents';
import { Meter } from '../../components/Meter';
import { Money } from '../../components/Money';
import { Name } from '../../components/Name';
import { Panel, ProblemLine } from '../../components/Panel';
import { Table } from '../../components/Table';
import { exactText, NOTHING, percentText, roundedText } from '../../format/exact';
import type { Fetched } from '../../state/useFetched';

/** What each strategy did and holds. */
export const Strategies = ({ portfolio }: { readonly portfolio: Portfolio }) => (
  <Panel title="Strategies">
    <Table
      caption="Strategies of this run"
      rows={portfolio.strategies ?? []}
      keyOf={({ strategy_id }) => strategy_id}
      empty={
        portfolio.strategies === null
          ? 'The run has ended, and has forgotten who sent what; the blotter shows it.'
          : 'No strategy has sent an intent yet.'
      }
      columns={[
        {
          head: 'Strategy',
          cell: ({ strategy_id }) => (
            <a href={`#/blotter?run=${encodeURIComponent(portfolio.run_id)}&strategy=${encodeURIComponent(strategy_id)}`}>
              <Name>{strategy_id}</Name>
            </a>
          ),
        },
        { head: 'Allow', figures: true, cell: ({ decided }) => exactText(decided.ALLOW) },
        { head: 'Modify', figures: true, cell: ({ decided }) => exactText(decided.MODIFY) },
        { head: 'Deny', figures: true, cell: ({ decided }) => exactText(decided.DENY) },
        {
          head: 'In 60 s',
          figures: true,
          cell: ({ orders_last_60s, orders_limit }) => `${exactText(orders_last_60s)} / ${exactText(orders_limit)}`,
        },
        { head: 'Gross', figures: true, cell: ({ gross_value }) => <Money value={gross_value} /> },
        { head: 'Net', figures: true, cell: ({ net_value }) => <Money value={net_value} /> },
      ]}
    />
  </Panel>
);

/** What the run holds, and how much of each symbol's limit that is. */
export const Positions = ({ portfolio }: { readonly portfolio: Portfolio }) => (
  <Panel title="Positions">
    <Table
      caption="Positions of this run"
      rows={portfolio.positions}
      keyOf={({ symbol }) => symbol}
      empty="Nothing is held."
      columns={[
        {
          head: 'Symbol',
          cell: ({ symbol }) => (
            <a href={`#/blotter?run=${encodeURIComponent(portfolio.run_id)}&symbol=${encodeURIComponent(symbol)}`}>
              <Name>{symbol}</Name>
            </a>
          ),
        },
        { head: 'Quantity', figures: true, cell: ({ qty }) => exactText(qty) },
        {
          head: 'Working',
          figures: true,
          cell: ({ working_buy_qty, working_sell_qty }) =>
            isZero(working_buy_qty) && isZero(working_sell_qty)
              ? NOTHING
              : `+${exactText(working_buy_qty)} −${exactText(working_sell_qty)}`,
        },
        { head: 'Price', figures: true, cell: ({ price }) => exactText(price) },
        { head: 'Value', figures: true, cell: ({ value }) => <Money value={value} /> },
        {
          head: 'Share of equity',
          cell: ({ symbol, share, limit, used }) => (
            <span class="share" title={`${exactText(share)} of ${exactText(limit)}`}>
              <Meter label={`Share of ${symbol}`} used={used} text={`${percentText(share)} of ${percentText(limit)}`} />
              <span>
                {percentText(share, 1)} <span class="quiet">/ {percentText(limit, 0)}</span>
              </span>
            </span>
          ),
        },
      ]}
    />
  </Panel>
);

const isZero = (value: number | string): boolean => /^-?0*\.?0*$/.test(String(value));

/** All runs of an account added up, and all accounts. */
export const AccountTotals = ({ answer }: { readonly answer: Fetched<Accounts> }) => {
  const { data, problem } = answer;
  const rows =
    data === undefined
      ? []
      : data.accounts.length > 1
        ? [...data.accounts, { ...data.total, account_id: 'All accounts' }]
        : data.accounts;
  return (
    <Panel title="Accounts">
      <ProblemLine problem={problem} />
      <Table
        caption="Accounts, over all their active runs"
        rows={rows}
        keyOf={({ account_id }) => account_id}
        empty="No run is active."
        columns={[
          { head: 'Account', cell: ({ account_id }) => <Name>{account_id}</Name> },
          { head: 'Runs', figures: true, cell: ({ runs }) => exactText(runs.length) },
          { head: 'Equity', figures: true, cell: ({ equity }) => <Money value={equity} /> },
          { head: 'Gross', figures: true, cell: ({ gross_value }) => <Money value={gross_value} /> },
          { head: 'Net', figures: true, cell: ({ net_value }) => <Money value={net_value} /> },
          { head: '× gross', figures: true, cell: ({ gross_exposure_x }) => roundedText(gross_exposure_x, 3) },
        ]}
      />
    </Panel>
  );
};

import type { ComponentChildren } from 'preact';

interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Figures stand on the right. */
  readonly figures?: boolean;
}

interface TableProps<T> {
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Said instead of a table without rows. */
  readonly empty: string;
}

/** A small table: the first column names the row. */
export const Table = <T,>({ caption, columns, rows, keyOf, empty }: TableProps<T>) => {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, figures }) => (
              <th key={head} scope="col" class={figures === true ? 'figures' : ''}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, cell, figures }, index) =>
                index === 0 ? (
                  <th key={head} scope="row">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={head} class={figures === true ? 'figures' : ''}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};

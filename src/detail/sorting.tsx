import * as React from 'react';

export interface ISorting<C extends string> {
  column: C;
  descending: boolean;
}

/** The head of a column by which a table can be sorted; once more turns the order round. */
export function SortHead<C extends string>(props: {
  column: C;
  label: string;
  sorting: ISorting<C>;
  onSort: (sorting: ISorting<C>) => void;
  className?: string;
}): JSX.Element {
  const { column, label, sorting, onSort, className } = props;
  const sorted = sorting.column === column;
  return (
    <th
      scope="col"
      className={className}
      aria-sort={sorted ? (sorting.descending ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        className="jp-DataflowEnvs-sort"
        onClick={() => onSort({ column, descending: sorted && !sorting.descending })}
      >
        {label}
        <span aria-hidden="true">{sorted ? (sorting.descending ? '↓' : '↑') : ''}</span>
      </button>
    </th>
  );
}

import * as React from 'react';

/** The heads of a table's columns; with a class name where a column has one. */
export function ColumnHeads(props: {
  of: readonly (string | { label: string; className: string })[];
}): JSX.Element {
  return (
    <thead>
      <tr>
        {props.of.map(head => {
          const { label, className } =
            typeof head === 'string' ? { label: head, className: undefined } : head;
          return (
            <th key={label} scope="col" className={className}>
              {label}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

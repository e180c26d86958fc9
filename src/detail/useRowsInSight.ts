import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

/** Tables with fewer rows are drawn as a whole. */
const MANY = 100;
/** More rows than are seen are drawn, so that scrolling finds some. */
const OVERSCAN = 15;
/** Pixels of a row of one line, as the style sheet draws it. */
const HEIGHT = 27;

export interface IRowsInSight {
  /** Of all rows, those to be drawn. */
  indexes: readonly number[];
  /** Pixels that are left blank for the others. */
  before: number;
  after: number;
  /** For each row's element, which has its index as `data-index`. */
  measure: React.RefCallback<HTMLTableRowElement>;
}

/**
 * Of a long table that scrolls with its tab, the rows in sight.
 *
 * @returns `null` for a table that is not long: all are to be drawn
 */
export function useRowsInSight(
  body: React.RefObject<HTMLTableSectionElement>,
  count: number
): IRowsInSight | null {
  const isLong = count > MANY;
  const [top, setTop] = React.useState(0);
  const rows = useVirtualizer<HTMLElement, HTMLTableRowElement>({
    count,
    enabled: isLong,
    getScrollElement: () => body.current?.closest('.jp-DataflowEnvs-content') ?? null,
    estimateSize: () => HEIGHT,
    overscan: OVERSCAN,
    scrollMargin: top
  });
  const place = React.useCallback(() => {
    const { scrollElement } = rows;
    if (isLong && body.current && scrollElement) {
      const offset = body.current.getBoundingClientRect().top;
      const above = offset - scrollElement.getBoundingClientRect().top;
      setTop(Math.round(above + scrollElement.scrollTop));
    }
  }, [body, isLong, rows]);
  // What stands above the table may have another height whenever something is drawn.
  React.useLayoutEffect(place);
  if (!isLong) {
    return null;
  }
  const items = rows.getVirtualItems();
  const first = items.at(0);
  const last = items.at(-1);
  return {
    indexes: items.map(({ index }) => index),
    before: first ? first.start - top : 0,
    after: last ? rows.getTotalSize() - (last.end - top) : 0,
    measure: rows.measureElement
  };
}

import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

/** More rows than are seen are drawn, so that scrolling and Tab find some. */
const OVERSCAN = 8;

export interface IVirtualRowsProps<T> {
  /** Names the list. */
  label: string;
  items: readonly T[];
  keyOf: (item: T) => string;
  /** Pixels that a row will take; it is measured once it is drawn. */
  heightOf: (item: T) => number;
  /** @param isStop - whether Tab reaches this row; its element with `data-row-focus` takes the focus */
  draw: (item: T, isStop: boolean) => JSX.Element;
  /** The row that had the focus last. */
  onFocusRow?: (item: T) => void;
}

/**
 * A list of which only the rows in sight are drawn. Tab reaches one row; arrows, Page Up and Down, Home and End move to
 * others. When the row that has the focus goes, its neighbour takes it.
 */
export function VirtualRows<T>(props: IVirtualRowsProps<T>): JSX.Element {
  const { label, items, keyOf, heightOf, draw, onFocusRow } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const [stopKey, setStopKey] = React.useState<string | null>(null);
  const stop = Math.max(
    0,
    items.findIndex(item => keyOf(item) === stopKey)
  );
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    getItemKey: index => keyOf(items[index]),
    estimateSize: index => heightOf(items[index]),
    overscan: OVERSCAN,
    // The row that Tab reaches is there wherever the list was scrolled to.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const from = Math.max(0, startIndex - overscan);
      const to = Math.min(count - 1, endIndex + overscan);
      const drawn = Array.from({ length: to - from + 1 }, (_, n) => from + n);
      return stop < from ? [stop, ...drawn] : stop > to && stop < count ? [...drawn, stop] : drawn;
    }
  });
  const wanted = React.useRef<string | null>(null);
  const focused = React.useRef<number | null>(null);

  const moveTo = (index: number) => {
    const to = Math.min(items.length - 1, Math.max(0, index));
    wanted.current = keyOf(items[to]);
    setStopKey(wanted.current);
    rows.scrollToIndex(to);
  };
  React.useLayoutEffect(() => {
    const isLost = focused.current !== null && document.activeElement === document.body;
    if (isLost && items.length > 0) {
      wanted.current = keyOf(items[Math.min(focused.current ?? 0, items.length - 1)]);
    }
    if (wanted.current !== null) {
      const row = scroller.current?.querySelector(`[data-key="${CSS.escape(wanted.current)}"]`);
      const target = row?.querySelector<HTMLElement>('[data-row-focus]');
      if (target) {
        wanted.current = null;
        target.focus({ preventScroll: isLost });
      }
    }
  });

  const onKeyDown = (event: React.KeyboardEvent) => {
    const isRow = (event.target as HTMLElement).closest('[data-row-focus]') !== null;
    const page = Math.max(1, rows.getVirtualItems().length - 2 * OVERSCAN - 1);
    const to = {
      ArrowDown: stop + 1,
      ArrowUp: stop - 1,
      PageDown: stop + page,
      PageUp: stop - page,
      Home: 0,
      End: items.length - 1
    }[event.key];
    if (to !== undefined && isRow && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      moveTo(to);
    }
  };
  const onFocus = (event: React.FocusEvent) => {
    const key = (event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key;
    const index = items.findIndex(item => keyOf(item) === key);
    if (index >= 0 && key !== undefined) {
      focused.current = index;
      setStopKey(key);
      onFocusRow?.(items[index]);
    }
  };
  const onBlur = (event: React.FocusEvent) => {
    // What is removed from the page also loses the focus, to nothing.
    if (event.relatedTarget !== null) {
      focused.current = null;
    }
  };

  return (
    <div ref={scroller} className="jp-DataflowEnvs-scroller">
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- of the rows' own buttons */}
      <ul
        className="jp-DataflowEnvs-list"
        aria-label={label}
        style={{ height: rows.getTotalSize() }}
        onBlur={onBlur}
        onFocus={onFocus}
        onKeyDown={onKeyDown}
      >
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <li
            key={key}
            ref={rows.measureElement}
            data-index={index}
            data-key={key}
            className="jp-DataflowEnvs-item"
            aria-setsize={items.length}
            aria-posinset={index + 1}
            style={{ transform: `translateY(${start}px)` }}
          >
            {draw(items[index], index === stop)}
          </li>
        ))}
      </ul>
    </div>
  );
}

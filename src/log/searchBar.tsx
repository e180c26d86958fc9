import { caretDownIcon, caretUpIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../ui/actionButton';
import { useWorkbench } from '../workbench';
import type { ILogState, LogSession } from './logSession';

/** Patterns of many thousand characters are too large for the browser. */
const LONGEST = 1000;

/** Finds words in the log: how often they are there, and the way from one place to the next. */
export function SearchBar(props: {
  session: LogSession;
  search: NonNullable<ILogState['search']>;
}): JSX.Element {
  const { session, search } = props;
  const { trans } = useWorkbench();
  const [words, setWords] = React.useState('');
  const close = () => {
    session.search(null);
    session.view.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && event.target instanceof HTMLInputElement) {
      event.preventDefault();
      session.findNext(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === 'f' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
    }
  };
  const total = `${search.count.toLocaleString()}${search.done ? '' : '+'}`;
  return (
    // The keys belong to all that is in it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className="jp-DataflowEnvs-searchBar"
      role="search"
      aria-label={trans.__('Search in the log')}
      onKeyDown={onKeyDown}
    >
      <input
        type="search"
        className="jp-mod-styled"
        aria-label={trans.__('Search in the log')}
        placeholder={trans.__('Search')}
        value={words}
        spellCheck={false}
        maxLength={LONGEST}
        onChange={event => {
          setWords(event.target.value);
          session.search(event.target.value);
        }}
      />
      <span className="jp-DataflowEnvs-searchCount" role="status">
        {words === ''
          ? ''
          : search.count === 0 && search.done
            ? trans.__('Not found')
            : trans.__('%1 of %2', (search.current + 1).toLocaleString(), total)}
      </span>
      <ActionButton
        iconOnly
        icon={caretUpIcon}
        label={trans.__('Previous match (Shift+Enter)')}
        onClick={() => session.findNext(-1)}
      />
      <ActionButton
        iconOnly
        icon={caretDownIcon}
        label={trans.__('Next match (Enter)')}
        onClick={() => session.findNext(1)}
      />
      <ActionButton
        iconOnly
        icon={closeIcon}
        label={trans.__('Close the search (Escape)')}
        onClick={close}
      />
    </div>
  );
}

import '@testing-library/jest-dom';

import { ServerConnection } from '@jupyterlab/services';
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import { alice, environment, trans } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { IEnvironmentsState } from '../../model';
import { EnvironmentsPanel } from '../environmentsPanel';

const HOSTILE = '<img src=x onerror="window.hacked = true">';

function show(change: Partial<IEnvironmentsState>) {
  const calls = { refresh: 0, more: 0 };
  const state: IEnvironmentsState = {
    environments: null,
    hasMore: false,
    me: alice,
    error: null,
    refreshing: false,
    ...change
  };
  const view = render(
    <EnvironmentsPanel
      state={state}
      onRefresh={() => (calls.refresh += 1)}
      onMore={() => (calls.more += 1)}
      trans={trans}
    />
  );
  return { ...view, calls };
}

describe('EnvironmentsPanel', () => {
  afterEach(cleanup);

  it('shows a skeleton before the first answer', () => {
    show({ refreshing: true });
    expect(screen.getByRole('status', { name: 'Loading…' })).toBeInTheDocument();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('says what to do when there is nothing', () => {
    const { container } = show({ environments: [] });
    expect(container).toHaveTextContent(
      'No environments yet.Create one with jupyter dataflow-envs create'
    );
    expect(screen.queryByRole('status')).toBeNull();
    expect(screen.queryByRole('list')).toBeNull();
  });

  it('lists names, version and status', () => {
    show({
      environments: [
        environment({ status: 'Draft', latest_version: 3 }),
        environment({
          short_name: 'rep',
          full_name: 'Reporting',
          owner: 'bob',
          status: 'Published',
          latest_version: 12
        }),
        environment({ short_name: 'new', full_name: 'New one' })
      ]
    });
    const rows = screen.getAllByRole('listitem');
    expect(rows).toHaveLength(3);
    expect(within(rows[0]).getByText('Machine Learning Environment')).toBeInTheDocument();
    expect(within(rows[0]).getByText('mlenv')).toBeInTheDocument();
    expect(within(rows[0]).getByText('v3')).toBeInTheDocument();
    expect(within(rows[0]).getByText('Draft')).toBeInTheDocument();
    expect(within(rows[0]).queryByText('alice')).toBeNull();
    expect(within(rows[1]).getByText('v12')).toBeInTheDocument();
    expect(within(rows[1]).getByText('bob')).toBeInTheDocument();
    expect(within(rows[2]).getByText('Saved')).toBeInTheDocument();
    expect(rows[2]).not.toHaveTextContent(/v\d/);
  });

  it('shows how far a build is', () => {
    show({
      environments: [
        environment({
          status: 'In Progress',
          phase: 'linking',
          progress: { packages_done: 41, packages_total: 63, bytes_done: 1, bytes_total: 2 }
        }),
        environment({
          short_name: 'next',
          status: 'In Progress',
          phase: 'queued',
          queue_position: 2
        })
      ]
    });
    expect(screen.getByText('linking 41/63')).toBeInTheDocument();
    expect(screen.getByText('queued #2')).toBeInTheDocument();
    const bar = screen.getByRole('progressbar', { name: 'Build of mlenv' });
    expect(bar).toHaveAttribute('value', '41');
    expect(bar).toHaveAttribute('max', '63');
    expect(screen.getByRole('progressbar', { name: 'Build of next' })).not.toHaveAttribute('value');
  });

  it('says why a build failed', () => {
    const failure = "No candidates were found for 'pandsa'.";
    show({ environments: [environment({ status: 'Failed', latest_version: 1, failure })] });
    expect(screen.getByText(failure)).toHaveAttribute('title', failure);
  });

  it.each([
    ['a refusal', new ApiError(503, 'unreachable', 'The service is down.'), 'The service is down.'],
    ['a missing extension', new ApiError(404, 'not_served', '404 Not Found'), /extension enable/],
    [
      'no answer',
      new ServerConnection.NetworkError(new TypeError('Failed to fetch')),
      /server does not answer/
    ]
  ])('explains %s and offers to retry', (_, error, words) => {
    const { calls } = show({ error });
    const alert = screen.getByRole('alert');
    expect(alert).toHaveTextContent(words);
    fireEvent.click(within(alert).getByRole('button', { name: 'Retry' }));
    expect(calls.refresh).toBe(1);
    expect(screen.queryByRole('status')).toBeNull();
  });

  it('keeps the rows beside an error', () => {
    show({ environments: [environment()], error: new Error('gone') });
    expect(screen.getByRole('alert')).toHaveTextContent('gone');
    expect(screen.getAllByRole('listitem')).toHaveLength(1);
  });

  it('refreshes and shows more on request', () => {
    const { calls } = show({ environments: [environment()], hasMore: true, refreshing: true });
    const refresh = screen.getByRole('button', { name: 'Refresh the list of environments' });
    expect(refresh).toHaveAttribute('aria-busy', 'true');
    fireEvent.click(refresh);
    fireEvent.click(screen.getByRole('button', { name: 'Show more' }));
    expect(calls).toEqual({ refresh: 1, more: 1 });
  });

  it('shows what people wrote as text only', () => {
    const { container } = show({
      environments: [
        environment({
          full_name: HOSTILE,
          owner: HOSTILE,
          failure: HOSTILE,
          deprecated: { reason: HOSTILE, at: '2026-11-01T12:00:00Z' }
        })
      ],
      error: new ApiError(500, 'x', HOSTILE)
    });
    expect(screen.getAllByText(HOSTILE)).toHaveLength(4);
    expect(container.querySelector('img')).toBeNull();
    expect(window).not.toHaveProperty('hacked');
  });
});

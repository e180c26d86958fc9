import '@testing-library/jest-dom';

import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import { alice, environment, trans, version } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { HappenedEvent, Me, Review, ReviewPage } from '../../api/schemas';
import { Settings } from '../../settings';
import type { IDataflowEnvironments } from '../../tokens';
import { CommandIDs } from '../../tokens';
import { LocalModel } from '../../local/model';
import { Workbench, WorkbenchProvider } from '../../workbench';
import { EnvironmentReview, ReviewView } from '..';

const PENDING: Review = {
  id: 'r1',
  short_name: 'mlenv',
  version: 2,
  digest: 'abc',
  state: 'pending',
  note: '<img src=x>',
  submitted_by: 'alice',
  submitted_at: '2026-11-01T12:00:00Z',
  decided_by: null,
  decided_at: null,
  comment: null
};
const APPROVED: Review = {
  ...PENDING,
  state: 'approved',
  decided_by: 'bob',
  decided_at: '2026-11-01T13:00:00Z',
  comment: 'Good.'
};
const ALLOWED = { allowed: true, reason: null };

function pageOf(review: Review, change: Partial<ReviewPage> = {}): ReviewPage {
  return {
    review,
    environment: environment({
      review,
      actions: { approve: ALLOWED, reject: ALLOWED, try_draft: ALLOWED }
    }),
    reviewed: version(2, { digest: 'abc' }),
    changes: null,
    look_alikes: [],
    violations: [],
    ...change
  };
}

/** The server's part of a review. */
class Server {
  page = pageOf(PENDING);
  person: Me = { ...alice, name: 'root', is_admin: true };
  decided: unknown[] = [];
  refusal: ApiError | null = null;

  review = () => Promise.resolve(this.page);
  reviews = () => Promise.resolve([this.page.review]);
  version = () => Promise.resolve({ ...this.page.reviewed, packages: [], attempts: [] });
  environment = () => Promise.resolve(this.page.environment);
  environments = () => Promise.resolve({ items: [this.page.environment], next: null });
  approve = (review: Review, comment: string) => this._decide('approve', review, comment);
  reject = (review: Review, comment: string) => this._decide('reject', review, comment);

  private _decide(decision: string, { id, digest }: Review, comment: string): Promise<Review> {
    if (this.refusal) {
      return Promise.reject(this.refusal);
    }
    this.decided.push([decision, id, digest, comment]);
    return Promise.resolve(this.page.review);
  }
}

function shared(server: Server): IDataflowEnvironments {
  const events = {};
  Object.assign(events, {
    happened: new Signal<object, HappenedEvent>(events),
    progressed: new Signal<object, unknown>(events),
    stale: new Signal<object, void>(events),
    connectedChanged: new Signal<object, boolean>(events)
  });
  return {
    client: server as unknown as IDataflowEnvironments['client'],
    events: events as IDataflowEnvironments['events'],
    settings: new Settings(null),
    trans,
    me: () => Promise.resolve(server.person)
  };
}

async function show(server: Server, view: JSX.Element): Promise<CommandRegistry> {
  const commands = new CommandRegistry();
  const workbench = new Workbench(
    shared(server),
    commands,
    {} as never,
    new LocalModel({} as never)
  );
  await workbench.environments.refresh();
  // What is asked at once is answered before the test goes on.
  await act(async () => {
    render(<WorkbenchProvider value={workbench}>{view}</WorkbenchProvider>);
    await Promise.resolve();
  });
  return commands;
}

describe('ReviewView', () => {
  let server: Server;

  beforeEach(() => {
    window.sessionStorage.clear();
    server = new Server();
  });

  it('leads to the service’s own page where an administrator decides there', async () => {
    const reason = 'Administrators decide on the environment service’s own page.';
    const refused = { allowed: false, reason };
    server.person = { ...server.person, decision_page: '/services/environments/' };
    server.page = pageOf(PENDING, {
      environment: environment({
        review: PENDING,
        actions: { approve: refused, reject: refused, transfer: refused, try_draft: ALLOWED }
      })
    });
    const opened = jest.spyOn(window, 'open').mockReturnValue(null);
    await show(server, <ReviewView id="r1" />);
    const button = await screen.findByRole('button', {
      name: 'Decide on the Environment Service…'
    });
    expect(button).toHaveAccessibleDescription(reason);
    expect(screen.getAllByText(reason)[0]).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Reject' })).toBeNull();
    await userEvent.click(button);
    expect(opened).toHaveBeenCalledWith(
      '/services/environments/reviews/r1',
      '_blank',
      'noopener,noreferrer'
    );
    expect(server.decided).toEqual([]);
    opened.mockRestore();
  });

  it('rejects with a comment only, naming the review and its digest', async () => {
    await show(server, <ReviewView id="r1" />);
    const reject = await screen.findByRole('button', { name: 'Reject' });
    expect(reject).toHaveAttribute('aria-disabled', 'true');
    expect(reject).toHaveAccessibleDescription('Say why: the owner reads it.');
    await userEvent.click(reject);
    expect(server.decided).toEqual([]);
    await userEvent.type(screen.getByRole('textbox', { name: 'Comment' }), ' No. ');
    await userEvent.click(reject);
    expect(server.decided).toEqual([['reject', 'r1', 'abc', 'No.']]);
  });

  it('shows what people wrote as text', async () => {
    await show(server, <ReviewView id="r1" />);
    expect(await screen.findByText('<img src=x>')).toBeInTheDocument();
    expect(document.querySelector('img')).toBeNull();
  });

  it('tells who decided first, and shows that decision', async () => {
    await show(server, <ReviewView id="r1" />);
    const approve = await screen.findByRole('button', { name: 'Approve' });
    server.refusal = new ApiError(409, 'conflict', 'Too late.', [], {
      decision: 'rejected',
      decided_by: 'bob',
      decided_at: '2026-11-01T13:00:00Z'
    });
    server.page = pageOf(APPROVED);
    await userEvent.click(approve);
    expect(await screen.findByRole('alert')).toHaveTextContent(/bob rejected it on .*2026/);
    expect(await screen.findByText('Good.')).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: 'Approve' })).toBeNull();
  });

  it("says the server's reason when one may not decide", async () => {
    const reason = 'Another administrator decides about your own submission.';
    const not = { allowed: false, reason };
    const page = pageOf(PENDING);
    page.environment.actions = { approve: not, reject: not, try_draft: ALLOWED };
    server.page = page;
    await show(server, <ReviewView id="r1" />);
    expect(await screen.findByRole('button', { name: 'Approve' })).toHaveAccessibleDescription(
      reason
    );
    expect(screen.queryByRole('textbox', { name: 'Comment' })).toBeNull();
  });

  it('offers no approval against the policy', async () => {
    server.page = pageOf(PENDING, {
      violations: [
        { package: 'left-pad', version: '1', rule: 'denied_packages', reason: 'It leaks.' }
      ]
    });
    await show(server, <ReviewView id="r1" />);
    const approve = await screen.findByRole('button', { name: 'Approve' });
    expect(approve).toHaveAccessibleDescription('The policy does not allow it: see above.');
    expect(
      screen.getByRole('row', { name: /left-pad 1 It leaks\. Denied packages/ })
    ).toBeVisible();
  });
});

describe('EnvironmentReview', () => {
  it('shows the owner why it was rejected, and what to do next', async () => {
    const server = new Server();
    server.person = alice;
    const review: Review = { ...APPROVED, state: 'rejected', comment: 'With pandas 2, please.' };
    server.page = pageOf(review);
    const rejected = environment({ review, actions: { edit: ALLOWED, submit: ALLOWED } });
    const commands = await show(server, <EnvironmentReview environment={rejected} />);
    const done: unknown[] = [];
    commands.addCommand(CommandIDs.action('submit'), { execute: args => void done.push(args) });
    expect(screen.getAllByText('With pandas 2, please.')[0]).toBeVisible();
    expect(screen.getByRole('button', { name: 'Edit' })).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Submit for Publish' }));
    expect(done).toEqual([{ shortName: 'mlenv' }]);
  });

  it('offers the owner to withdraw while it waits, and no decision', async () => {
    const server = new Server();
    server.person = alice;
    const waiting = environment({ review: PENDING, actions: { withdraw: ALLOWED } });
    await show(server, <EnvironmentReview environment={waiting} />);
    expect(screen.getByRole('button', { name: 'Withdraw' })).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Approve' })).toBeNull();
  });
});

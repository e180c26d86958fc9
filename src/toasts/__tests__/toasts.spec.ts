import { Notification } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { alice, environment, trans } from '../../__tests__/sample';
import type { Environment, HappenedEvent, VersionSummary } from '../../api/schemas';
import type { IDataflowEnvironments } from '../../tokens';
import { CommandIDs } from '../../tokens';
import { Toasts } from '../toasts';

describe('Toasts', () => {
  let known: Environment;
  let latest: Partial<VersionSummary>;
  let isAdmin: boolean;
  let commands: CommandRegistry;
  let executed: jest.Mock;
  let toasts: Toasts;
  let isOn: boolean;
  const changed = new Signal<object, void>({});

  const answered = () => new Promise(resolve => setTimeout(resolve));
  const happened = async (kind: string, change: Partial<HappenedEvent> = {}) => {
    toasts.happened({
      seq: 1,
      at: new Date().toISOString(),
      kind,
      short_name: 'mlenv',
      version: 2,
      actor: 'alice',
      details: {},
      ...change
    });
    await answered();
  };
  const shown = () =>
    Notification.manager.notifications.map(({ type, message }) => `${type}: ${message}`);
  const closesAfter = () => Notification.manager.notifications[0].options.autoClose;
  const press = async (label: string) => {
    const actions = Notification.manager.notifications[0].options.actions ?? [];
    actions.find(action => action.label === label)!.callback(new MouseEvent('click'));
    await answered();
  };

  beforeEach(() => {
    Notification.dismiss();
    isAdmin = false;
    isOn = true;
    latest = { number: 2, outcome: 'building', created_by: 'alice' };
    known = environment({
      status: 'In Progress',
      phase: 'queued',
      queue_position: 1,
      actions: { activate: { allowed: true, reason: null } }
    });
    commands = new CommandRegistry();
    executed = jest.fn().mockResolvedValue(true);
    for (const id of [CommandIDs.open, CommandIDs.newNotebook, CommandIDs.action('activate')]) {
      commands.addCommand(id, { execute: (args): unknown => executed(id, args) });
    }
    const shared = {
      client: {
        environment: () => Promise.resolve(known),
        versions: () => Promise.resolve([latest])
      },
      settings: { get: () => isOn, changed },
      me: () => Promise.resolve({ ...alice, is_admin: isAdmin }),
      trans
    } as unknown as IDataflowEnvironments;
    toasts = new Toasts(shared, commands);
  });

  it('follows a build in one notification, and activates what was built', async () => {
    await happened('build.queued');
    expect(shown()).toEqual(['in-progress: Building Machine Learning Environment v2\nqueued #1']);
    await happened('build.started');
    const progress = { packages_done: 41, packages_total: 63, bytes_done: 1, bytes_total: 2 };
    toasts.progressed({
      type: 'progress',
      short_name: 'mlenv',
      phase: 'linking',
      progress,
      queue_position: null
    });
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(shown()).toEqual([
      'in-progress: Building Machine Learning Environment v2\nlinking 41/63'
    ]);
    expect(Notification.manager.notifications[0].options.progress).toBeCloseTo(0.608, 2);
    await happened('build.succeeded');
    expect(shown()).toEqual(['success: Machine Learning Environment: version 2 is built']);
    expect(closesAfter()).toBe(15_000);
    await press('Activate');
    expect(closesAfter()).toBe(15_000);
    expect(executed).toHaveBeenCalledWith('dataflow-envs:activate', { shortName: 'mlenv' });
    expect(shown()).toEqual(['success: Machine Learning Environment is active']);
    await press('New Notebook');
    expect(executed).toHaveBeenLastCalledWith('dataflow-envs:new-notebook', { shortName: 'mlenv' });
  });

  it('says why a build failed', async () => {
    await happened('build.failed', { details: { reason: "No version fits 'pandas>=99'." } });
    expect(shown()).toEqual([
      "error: Machine Learning Environment: the build failed. No version fits 'pandas>=99'."
    ]);
    expect(closesAfter()).toBe(false);
    await press('Show log');
    expect(executed).toHaveBeenCalledWith('dataflow-envs:open', {
      shortName: 'mlenv',
      section: 'log',
      version: 2
    });
  });

  it('takes a build that was running when the page was loaded, if it is one’s own', async () => {
    latest = { ...latest, created_by: 'root' };
    await toasts.found(known);
    expect(shown()).toEqual([]);
    latest = { ...latest, created_by: 'alice' };
    await toasts.found(known);
    expect(shown()).toHaveLength(1);
  });

  it('tells nothing of other people’s builds, nor of what is long past', async () => {
    await happened('build.queued', { actor: 'bob' });
    await happened('build.failed', { at: '2020-01-01T00:00:00Z' });
    expect(shown()).toEqual([]);
  });

  it('says no more of a cancelled build than that', async () => {
    await happened('build.queued');
    await happened('build.cancel_requested');
    await happened('build.failed', { details: { reason: 'cancelled by alice' } });
    expect(shown()).toEqual(['default: Machine Learning Environment: the build is cancelled']);
  });

  it('takes its notifications back when they are switched off', async () => {
    await happened('build.queued');
    isOn = false;
    changed.emit();
    expect(shown()).toEqual([]);
  });

  it('tells administrators of a review until it is decided', async () => {
    isAdmin = true;
    known = environment({
      owner: 'bob',
      review: { state: 'pending' } as Environment['review']
    });
    await happened('review.submitted', {
      actor: 'bob',
      details: { comment: 'Please <b>look</b>' }
    });
    expect(shown()).toEqual([
      'info: bob asks to publish Machine Learning Environment, version 2\n“Please <b>look</b>”'
    ]);
    await press('Review');
    expect(executed).toHaveBeenCalledWith('dataflow-envs:open', {
      shortName: 'mlenv',
      section: 'review'
    });
    await happened('review.withdrawn', { actor: 'bob' });
    expect(shown()).toEqual([]);
  });

  it('tells owners what was decided, and users what is deprecated', async () => {
    known = environment({ owner: 'alice' });
    await happened('review.rejected', { actor: 'root', details: { comment: 'Too large' } });
    expect(shown()).toEqual([
      'warning: Machine Learning Environment: version 2 was rejected\n“Too large”'
    ]);
    Notification.dismiss();
    await happened('review.approved', { actor: 'root' });
    expect(shown()).toEqual(['success: Machine Learning Environment: version 2 is published']);
    Notification.dismiss();
    known = environment({
      owner: 'bob',
      active: true,
      deprecated: { reason: 'Use pub.', at: '2026-11-01T12:00:00Z' }
    });
    await happened('environment.deprecated', { actor: null, details: { reason: 'Use pub.' } });
    expect(shown()).toEqual(['warning: Machine Learning Environment is deprecated: Use pub.']);
    Notification.dismiss();
    known = { ...known, active: false };
    await happened('environment.deprecated', { actor: null });
    expect(shown()).toEqual([]);
  });
});

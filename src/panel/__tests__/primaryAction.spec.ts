import { environment } from '../../__tests__/sample';
import type { Environment } from '../../api/schemas';
import { type PrimaryAction, primaryAction } from '../primaryAction';

const may = (...names: string[]) =>
  Object.fromEntries(names.map(name => [name, { allowed: true, reason: null }]));

describe('primaryAction', () => {
  it.each<[string, Partial<Environment>, PrimaryAction]>([
    ['never built', { status: 'Saved', actions: may('build') }, 'build'],
    ['built', { status: 'Draft', actions: may('build', 'activate') }, 'activate'],
    ['edited since', { modified: true, actions: may('build', 'activate') }, 'build'],
    ['active', { active: true, modified: true, actions: may('build') }, 'notebook'],
    ['failed', { status: 'Failed', actions: may('build') }, 'build'],
    ['failed, older usable', { status: 'Failed', actions: may('build', 'activate') }, 'activate'],
    ['in progress', { status: 'In Progress', actions: may('cancel') }, 'cancel'],
    ["in progress, somebody else's", { status: 'In Progress' }, 'activate'],
    ["somebody else's, edited", { modified: true, actions: may('activate') }, 'activate']
  ])('%s: %s', (_, change, expected) => {
    expect(primaryAction(environment(change))).toBe(expected);
  });
});

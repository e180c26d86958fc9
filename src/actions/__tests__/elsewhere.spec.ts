import { alice, environment } from '../../__tests__/sample';
import { pageFor, policyPage, reviewPage } from '../elsewhere';

const ELSEWHERE = { allowed: false, reason: 'On the service’s own page.' };
const ALLOWED = { allowed: true, reason: null };
const BOSS = {
  ...alice,
  is_admin: true,
  decision_page: 'https://hub.example/services/environments'
};

describe('pageFor', () => {
  it('leads to the page where the refused action is done', () => {
    const refused = environment({ actions: { deprecate: ELSEWHERE, transfer: ELSEWHERE } });
    expect(pageFor(refused, 'deprecate', BOSS)).toBe(
      'https://hub.example/services/environments/environments/mlenv'
    );
    expect(pageFor(refused, 'deprecate', { ...BOSS, decision_page: null })).toBeNull();
    expect(pageFor(refused, 'deprecate', null)).toBeNull();
  });

  it('leads nowhere where it is allowed, where something else is said, or where no page does it', () => {
    const other = { allowed: false, reason: 'It waits for approval.' };
    const actions = { transfer: ELSEWHERE, delete: other, cancel: ALLOWED, edit: ELSEWHERE };
    for (const action of ['delete', 'cancel', 'edit', 'approve'] as const) {
      expect(pageFor(environment({ actions }), action, BOSS)).toBeNull();
    }
    const here = { transfer: ALLOWED, approve: other };
    expect(pageFor(environment({ actions: here }), 'approve', BOSS)).toBeNull();
  });

  it('takes no address but of the web', () => {
    for (const page of ['javascript:alert(1)//', '//evil.example/', 'data:text/html,x', '']) {
      expect(policyPage({ ...BOSS, decision_page: page })).toBeNull();
    }
    expect(policyPage({ ...BOSS, decision_page: '/services/environments/' })).toBe(
      '/services/environments/policy'
    );
    expect(reviewPage('a/b?', BOSS)).toBe(
      'https://hub.example/services/environments/reviews/a%2Fb%3F'
    );
  });
});

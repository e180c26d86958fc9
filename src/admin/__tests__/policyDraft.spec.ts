import { ApiError } from '../../api/client';
import type { Policy, PolicyBody, Violating } from '../../api/schemas';
import { PolicyDraft } from '../policy/policyDraft';
import { bodyOf, errorsAt, formOf } from '../policy/policyForm';

const POLICY: Policy = {
  channels: ['conda-forge'],
  indexes: [],
  denied_packages: [{ name: 'left-pad', specifier: '<2', reason: 'It leaks.' }],
  required_packages: [],
  python_versions: ['3.11'],
  max_environments: 5,
  max_versions: null,
  max_bytes: 20_000_000_000
};

class Source {
  readonly settings = { baseUrl: 'http://localhost/' };
  policyNow = POLICY;
  refusal: ApiError | null = null;
  taken: PolicyBody | null = null;

  policy = () => Promise.resolve(this.policyNow);
  violating = () => Promise.resolve<Violating[]>([]);
  setPolicy = (body: PolicyBody) => {
    if (this.refusal) {
      return Promise.reject(this.refusal);
    }
    this.taken = body;
    this.policyNow = body as Policy;
    const violating = [{ short_name: 'rep', version: 1, owner: 'alice', violations: [] }];
    return Promise.resolve({ ...this.policyNow, violating });
  };
}

describe('the form of a policy', () => {
  it('says the same as the policy', () => {
    expect(bodyOf(formOf(POLICY))).toEqual(POLICY);
    const form = formOf(POLICY);
    expect([form.max_bytes, form.unit]).toEqual(['20', 'GB']);
    expect(form.max_versions).toBe('');
  });

  it('leaves out empty rows and finds the rows that errors are about', () => {
    const form = { ...formOf(POLICY), channels: ['', ' conda-forge ', '', 'x y'] };
    expect(bodyOf(form).channels).toEqual(['conda-forge', 'x y']);
    const error = { field: 'channels', line: 2, text: 'x y', message: 'no' };
    expect(errorsAt(form, [error])).toEqual([{ field: 'channels', row: 3, message: 'no' }]);
  });
});

describe('PolicyDraft', () => {
  let source: Source;
  let draft: PolicyDraft;

  beforeEach(async () => {
    window.sessionStorage.clear();
    source = new Source();
    draft = new PolicyDraft(source);
    await draft.read();
  });

  it('is unchanged until something else is said', () => {
    expect(draft.state.changed).toBe(false);
    draft.edit({ channels: ['conda-forge', ''] });
    expect(draft.state.changed).toBe(false);
    draft.edit({ channels: ['conda-forge', 'bioconda'] });
    expect(draft.state.changed).toBe(true);
    draft.discard();
    expect(draft.state.form?.channels).toEqual(['conda-forge']);
  });

  it('survives a reload, and goes with Save', async () => {
    draft.edit({ max_environments: '7' });
    const again = new PolicyDraft(source);
    await again.read();
    expect(again.state.form?.max_environments).toBe('7');
    expect(await again.save('no number')).toBe(true);
    expect(source.taken?.max_environments).toBe(7);
    expect(again.state).toMatchObject({ changed: false, done: true });
    expect(again.state.violating).toHaveLength(1);
    expect(new PolicyDraft(source).state.changed).toBe(false);
  });

  it('keeps what was typed when somebody else saves, and says so', async () => {
    draft.edit({ max_environments: '7' });
    source.policyNow = { ...POLICY, max_versions: 3 };
    await draft.read();
    expect(draft.state).toMatchObject({ overtaken: true, changed: true });
    draft.discard();
    expect(draft.state.form?.max_versions).toBe('3');
  });

  it('shows errors at their fields until these are changed', async () => {
    source.refusal = new ApiError(422, 'invalid', 'Two fields are wrong.', [
      { field: 'denied_packages', line: 1, text: 'two', message: 'expected a specifier' }
    ]);
    draft.edit({ denied_packages: [{ name: 'left-pad', specifier: 'two', reason: 'x' }] });
    expect(await draft.save('no number')).toBe(false);
    expect(draft.state.errors).toEqual([
      { field: 'denied_packages', row: 0, message: 'expected a specifier' }
    ]);
    draft.edit({ denied_packages: [] });
    expect(draft.state.errors).toEqual([]);
  });

  it('asks the server nothing about a text that is no number', async () => {
    draft.edit({ max_bytes: 'many' });
    expect(await draft.save('no number')).toBe(false);
    expect(draft.state.errors).toEqual([{ field: 'max_bytes', row: null, message: 'no number' }]);
    expect(source.taken).toBeNull();
  });
});

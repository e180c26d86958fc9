import { Signal } from '@lumino/signaling';

import { alice, environment, trans } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { Environment, ShortNameAvailability } from '../../api/schemas';
import { EnvironmentsModel } from '../../environments/model';
import type { IFormArgs } from '../../tokens';
import type { IWorkbench } from '../../workbench';
import { FormModel } from '../model';
import type { IProblem } from '../problem';

/** The server, as far as the form asks it; what is not said here it answers with what is usual. */
class Source {
  readonly known = new Map<string, Environment>();
  readonly settings = { baseUrl: 'http://server/user/alice/' };
  readonly edit = jest.fn<Promise<Environment>, [string, object, string?]>(() =>
    Promise.resolve(environment({ etag: '"2"' }))
  );
  readonly create = jest.fn((spec: { short_name: string }) =>
    Promise.resolve(environment({ short_name: spec.short_name }))
  );
  readonly import = jest.fn();
  readonly preview = jest.fn();
  readonly previewSpec = jest.fn<Promise<unknown>, [object, AbortSignal?]>(
    () => new Promise(() => undefined)
  );
  readonly shortName = jest.fn<Promise<ShortNameAvailability>, [string]>(name =>
    Promise.resolve({ short_name: name, available: true, message: null })
  );
  readonly packageVersions = jest.fn(() =>
    Promise.resolve({ name: 'python', manager: 'conda', versions: ['3.12.1', '3.11.7', '3.11.5'] })
  );

  environments() {
    return Promise.resolve({ items: [...this.known.values()], next: null });
  }

  environment(name: string) {
    const found = this.known.get(name);
    return found
      ? Promise.resolve(found)
      : Promise.reject(new ApiError(404, 'not_found', 'There is none.'));
  }
}

describe('FormModel', () => {
  let source: Source;
  let workbench: IWorkbench;
  let model: FormModel;

  const open = async (args: Partial<IFormArgs> = {}) => {
    model = new FormModel(workbench, { id: 'f', mode: 'new', ...args });
    await settled();
    return model;
  };
  const settled = () => new Promise(resolve => setTimeout(resolve));
  const shown = () => model.shownProblems.map(({ field, line }) => [field, line]);
  const complete = () => {
    model.set('shortName', 'MLenv');
    model.set('fullName', 'Machine Learning');
    model.set('conda', 'pandas');
  };

  beforeEach(() => {
    localStorage.clear();
    source = new Source();
    const channel = {};
    const events = {
      happened: new Signal(channel),
      progressed: new Signal(channel),
      stale: new Signal(channel),
      connectedChanged: new Signal(channel)
    };
    const me = () => Promise.resolve(alice);
    workbench = {
      client: source,
      environments: new EnvironmentsModel(source, me, events as never),
      me,
      trans
    } as unknown as IWorkbench;
  });

  afterEach(() => {
    model.dispose();
    workbench.environments.dispose();
  });

  it('offers the newest Python, and says nothing of what nobody has touched', async () => {
    await open();
    expect(model.state.values.pythonVersion).toBe('3.12');
    expect(model.state.pythons).toEqual(['3.12', '3.11', '3.12.1', '3.11.7', '3.11.5']);
    expect(model.differs).toBe(false);
    expect(shown()).toEqual([]);
  });

  it('goes to the first problem instead of saving', async () => {
    await open();
    const seen: IProblem[] = [];
    model.attention.connect((_, problem) => seen.push(problem));
    model.set('pip', 'rich\n-r x');
    expect(await model.save()).toBeNull();
    expect(seen.map(({ field }) => field)).toEqual(['short_name']);
    expect(shown()).toEqual([
      ['short_name', null],
      ['full_name', null],
      ['pip_requirements', 2]
    ]);
    expect(source.create).not.toHaveBeenCalled();
  });

  it('saves what stands there, and forgets the draft', async () => {
    await open();
    complete();
    expect(localStorage).toHaveLength(1);
    expect(await model.save()).toMatchObject({ short_name: 'mlenv' });
    expect(source.create).toHaveBeenCalledWith({
      short_name: 'mlenv',
      full_name: 'Machine Learning',
      description: '',
      base: null,
      python_version: '3.12',
      conda_requirements: ['pandas'],
      pip_requirements: []
    });
    expect(localStorage).toHaveLength(0);
    expect(model.differs).toBe(false);
  });

  it('brings back a draft, by its own form only', async () => {
    await open();
    complete();
    model.dispose();
    await open({ id: 'another' });
    expect(model.state.values.fullName).toBe('');
    model.dispose();
    await open();
    expect(model.state.values.fullName).toBe('Machine Learning');
    expect(model.state.restoredAt).not.toBeNull();
    model.reset();
    expect(model.state.values.fullName).toBe('');
    expect(localStorage).toHaveLength(0);
  });

  it('survives a browser that keeps nothing', async () => {
    const full = jest.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await open();
    complete();
    expect(model.state.values.fullName).toBe('Machine Learning');
    expect(warned).toHaveBeenCalled();
    full.mockRestore();
    warned.mockRestore();
  });

  it("puts the server's faults on their fields, until these change", async () => {
    await open();
    complete();
    const text = null;
    const errors = [
      { field: 'base', line: null, text, message: 'gone' },
      { field: 'conda_requirements', line: 1, text, message: 'denied' }
    ];
    source.create.mockRejectedValue(new ApiError(422, 'invalid', 'base: gone', errors));
    expect(await model.save()).toBeNull();
    expect(shown()).toEqual([
      ['base', null],
      ['conda_requirements', 1]
    ]);
    model.set('conda', 'numpy');
    expect(shown()).toEqual([['base', null]]);
    expect(model.state.refusal).toBeNull();
  });

  it('tells a name that was taken meanwhile, and a quota in one place', async () => {
    await open();
    complete();
    source.create.mockRejectedValueOnce(new ApiError(409, 'short_name_taken', 'In use.'));
    await model.save();
    expect(shown()).toEqual([['short_name', null]]);
    model.set('shortName', 'other');
    const quota = new ApiError(429, 'quota_exceeded', 'You have 5.');
    source.create.mockRejectedValueOnce(quota);
    await model.save();
    expect(model.state.refusal).toEqual({ of: 'save', error: quota });
    expect(model.state.saving).toBeNull();
  });

  it('asks for names only once one pauses, and believes the last answer', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      model = new FormModel(workbench, { id: 'f', mode: 'new' });
      await jest.advanceTimersByTimeAsync(1);
      source.shortName.mockImplementation(name =>
        Promise.resolve({
          short_name: name,
          available: name !== 'mle',
          message: name === 'mle' ? 'In use.' : null
        })
      );
      for (const name of ['m', 'ml', 'mle']) {
        model.set('shortName', name);
      }
      expect(model.state.nameIs).toBe('asked');
      await jest.advanceTimersByTimeAsync(300);
      expect(source.shortName.mock.calls).toEqual([['mle']]);
      expect(model.state.nameIs).toBe('taken');
      expect(model.shownProblems[0].message).toBe('In use.');
      model.set('shortName', 'mlenv');
      expect(shown()).toEqual([]);
      expect(model.state.nameIs).toBe('asked');
      await jest.advanceTimersByTimeAsync(300);
      expect(model.state.nameIs).toBe('free');
    } finally {
      jest.useRealTimers();
    }
  });

  it('edits with the ETag of what was read, and shows what somebody else saved', async () => {
    source.known.set('mlenv', environment());
    await open({ mode: 'edit', shortName: 'mlenv' });
    model.set('fullName', 'Mine');
    const theirs = environment({ full_name: 'Theirs', etag: '"2"' });
    source.known.set('mlenv', theirs);
    source.edit.mockRejectedValueOnce(new ApiError(412, 'stale', 'Changed.'));
    expect(await model.save()).toBeNull();
    expect(source.edit.mock.calls[0][2]).toBe('"1"');
    expect(model.state.theirs).toEqual({ environment: theirs, refused: true });
    expect(model.state.values.fullName).toBe('Mine');

    model.keepMine();
    await model.save();
    expect(source.edit.mock.calls[1].slice(1)).toMatchObject([{ full_name: 'Mine' }, '"2"']);
  });

  it('follows what somebody else saves while nothing was typed', async () => {
    source.known.set('mlenv', environment());
    await open({ mode: 'edit', shortName: 'mlenv' });
    workbench.environments.put(environment({ full_name: 'Renamed', etag: '"2"' }));
    expect(model.state.values.fullName).toBe('Renamed');
    expect(model.state.theirs).toBeNull();
    model.set('fullName', 'Mine');
    workbench.environments.put(environment({ full_name: 'Theirs', etag: '"3"' }));
    expect(model.state.theirs).toMatchObject({ refused: false });
    model.takeTheirs();
    expect(model.state.values.fullName).toBe('Theirs');
    expect(model.differs).toBe(false);
  });

  it('is filled from a file, and the file can be taken back', async () => {
    await open();
    model.set('conda', 'numpy');
    const spec = {
      short_name: 'maps',
      full_name: 'Maps',
      description: '',
      python_version: '3.11',
      conda_requirements: ['pandas'],
      pip_requirements: ['rich']
    };
    const account = { format: 'environment.yml', spec, left_out: [], changed: [], notes: [] };
    source.import.mockResolvedValue(account);
    await model.import('name: maps');
    expect(model.state.values).toMatchObject({
      shortName: 'maps',
      pythonVersion: '3.11',
      conda: 'pandas',
      pip: 'rich'
    });
    expect(model.state.imported).toMatchObject({ replaced: true, account });
    model.undoImport();
    expect(model.state.values).toMatchObject({ shortName: '', conda: 'numpy', pip: '' });
  });

  it('stops a solve that is cancelled', async () => {
    await open();
    void model.solve();
    expect(model.preview.state.since).not.toBeNull();
    model.preview.clear();
    expect(source.previewSpec.mock.calls[0][1]?.aborted).toBe(true);
    expect(model.preview.state.since).toBeNull();
  });

  it('says what could not be opened, and tries again', async () => {
    await open({ mode: 'duplicate', shortName: 'gone' });
    expect(model.state.phase).toBe('failed');
    source.known.set('gone', environment({ short_name: 'gone', full_name: 'Back' }));
    await model.load();
    expect(model.state.values).toMatchObject({ shortName: '', fullName: 'Back (copy)' });
  });
});

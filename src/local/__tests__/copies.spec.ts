import { environment, local } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { Reproduction } from '../../api/schemas';
import { ToDataflowModel } from '../copy/toDataflowModel';
import { ToLocalModel } from '../copy/toLocalModel';

const EDITABLE = {
  name: 'mylib',
  version: '0.1',
  build: '',
  manager: 'pip' as const,
  channel: '',
  unreproducible: 'installed in editable mode from /src/mylib'
};
const FOUND: Reproduction = {
  short_name: 'mine',
  python_version: '3.11.9',
  conda_requirements: ['pandas==2.2'],
  pip_requirements: [],
  unreproducible: [EDITABLE],
  notes: []
};

describe('ToLocalModel', () => {
  const taken = { find: jest.fn(), state: { locals: [local({ id: 'mlenv', name: 'mlenv' })] } };

  function modelOf(copyToLocal: jest.Mock) {
    const put = jest.fn();
    const workbench = { local: { ...taken, put, routes: { copyToLocal } } };
    return { model: new ToLocalModel(workbench as never, environment()), put };
  }

  it('begins with a name that is free, and copies under it', async () => {
    const copy = local({ id: 'mlenv-2', name: 'mlenv-2', status: 'In Progress' });
    const copyToLocal = jest.fn(() => Promise.resolve(copy));
    const { model, put } = modelOf(copyToLocal);
    expect(model.state.name).toBe('mlenv-2');
    await expect(model.submit()).resolves.toBe(true);
    expect(copyToLocal).toHaveBeenCalledWith('mlenv', 'mlenv-2');
    expect(put).toHaveBeenCalledWith(copy);
  });

  it('takes the suggestion when the name is taken, and asks for nothing while it is wrong', async () => {
    const refusal = new ApiError(409, 'local_name_taken', 'You have it already.', [], {
      suggestion: 'x-2'
    });
    const copyToLocal = jest.fn(() => Promise.reject(refusal));
    const { model } = modelOf(copyToLocal);
    model.setName('1st');
    await expect(model.submit()).resolves.toBe(false);
    expect(copyToLocal).not.toHaveBeenCalled();
    expect(model.state.problem).toContain('expected a letter');
    model.setName('X');
    await expect(model.submit()).resolves.toBe(false);
    expect(model.state).toMatchObject({ name: 'x-2', problem: 'You have it already.' });
  });

  it('says why it was refused otherwise', async () => {
    const refusal = new ApiError(507, 'no_space', 'The disk is full.');
    const { model } = modelOf(jest.fn(() => Promise.reject(refusal)));
    await expect(model.submit()).resolves.toBe(false);
    expect(model.state.error).toBe(refusal);
  });
});

describe('ToDataflowModel', () => {
  function modelOf(client: Record<string, jest.Mock>) {
    const workbench = { client, environments: { put: jest.fn() }, local: { routes: client } };
    const words = { leaveOut: 'Leave them out.' };
    return new ToDataflowModel(workbench as never, local(), words);
  }

  const loaded = async (more: Record<string, jest.Mock> = {}, found = FOUND) => {
    const model = modelOf({ reproduction: jest.fn(() => Promise.resolve(found)), ...more });
    await Promise.resolve();
    await Promise.resolve();
    return model;
  };

  it('asks for a decision about what can not be reproduced before it asks the server', async () => {
    const copyToDataflow = jest.fn(() => Promise.resolve(environment({ short_name: 'mine' })));
    const model = await loaded({ copyToDataflow });
    expect(model.state).toMatchObject({ shortName: 'mine', fullName: 'mine', nameIs: 'free' });
    await expect(model.submit()).resolves.toBe(false);
    expect(model.state.problems.packages).toEqual(['Leave them out.']);
    model.setLeaveOut(true);
    await expect(model.submit()).resolves.toBe(true);
    expect(copyToDataflow).toHaveBeenCalledWith('mine', {
      short_name: 'mine',
      full_name: 'mine',
      skip_unreproducible: true
    });
    expect(model.environment?.short_name).toBe('mine');
  });

  it('puts refusals where they belong', async () => {
    const refusals = [
      new ApiError(409, 'short_name_taken', "'mine' is taken."),
      new ApiError(422, 'invalid', 'wrong', [
        { field: 'full_name', line: null, text: '', message: 'expected a name' }
      ]),
      new ApiError(403, 'quota', 'You have all that you may have.')
    ];
    const copyToDataflow = jest.fn(() => Promise.reject(refusals.shift()!));
    const model = await loaded({ copyToDataflow }, { ...FOUND, unreproducible: [] });
    await expect(model.submit()).resolves.toBe(false);
    expect(model.state.problems.short_name).toEqual(["'mine' is taken."]);
    model.setShortName('mine2');
    await expect(model.submit()).resolves.toBe(false);
    expect(model.state.problems.full_name).toEqual(['expected a name']);
    model.setFullName('Mine');
    await expect(model.submit()).resolves.toBe(false);
    expect(model.state.error).toMatchObject({ code: 'quota' });
    model.dispose();
  });

  it('reads again what can not be reproduced when the server knows of more', async () => {
    const reproduction = jest
      .fn()
      .mockResolvedValueOnce({ ...FOUND, unreproducible: [] })
      .mockResolvedValueOnce(FOUND);
    const refusal = new ApiError(422, 'unreproducible', 'One package can’t be reproduced.', [
      { field: 'packages', line: null, text: 'mylib', message: EDITABLE.unreproducible }
    ]);
    const model = await loaded({
      reproduction,
      copyToDataflow: jest.fn(() => Promise.reject(refusal))
    });
    await expect(model.submit()).resolves.toBe(false);
    await Promise.resolve();
    expect(model.state.found?.unreproducible).toEqual([EDITABLE]);
    expect(model.state.problems.packages).toEqual([refusal.message]);
  });
});

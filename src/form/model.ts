import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../api/client';
import type { Environment, Imported, Me } from '../api/schemas';
import type { IFormArgs } from '../tokens';
import { decisionOf, type IWorkbench } from '../workbench';
import { Draft } from './drafts';
import { FULL_LIMIT } from './names';
import { type Field, FIELDS, type IProblem, isField } from './problem';
import { PreviewModel } from './preview';
import { offeredPythons } from './pythonVersions';
import {
  baseKey,
  EMPTY,
  inOrder,
  isEqual,
  type IValues,
  problemsOf,
  specOf,
  valuesOf
} from './values';

const NAME_PAUSE = 250;

const FIELD_OF: Record<keyof IValues, readonly Field[]> = {
  shortName: ['short_name'],
  fullName: ['full_name'],
  description: ['description'],
  base: ['base', 'python_version'],
  pythonVersion: ['python_version'],
  // A name that stands in both is told of the second.
  conda: ['conda_requirements', 'pip_requirements'],
  pip: ['pip_requirements']
};

/** A file that was read into the form. */
export interface IImport {
  account: Imported;
  /** What stood in the form before. */
  before: IValues;
  /** Whether libraries that stood there made way. */
  replaced: boolean;
  /** The file's Python, which makes way for that of the base. */
  pythonLeftOut: string | null;
}

export interface IFormState {
  readonly phase: 'loading' | 'ready' | 'failed';
  /** Why there is nothing to fill in. */
  readonly error: unknown;
  readonly me: Me | null;
  readonly values: IValues;
  readonly touched: ReadonlySet<Field>;
  /** All, of touched fields or not, in the order of the fields. */
  readonly problems: readonly IProblem[];
  /** Of the short name as it stands there: `null` while nobody has asked. */
  readonly nameIs: 'asked' | 'free' | 'taken' | null;
  readonly pythons: readonly string[];
  readonly saving: 'save' | 'build' | null;
  /** What was asked for and not done because of problems, until these are solved. */
  readonly blocked: 'save' | 'preview' | null;
  /** Why it was not saved, where no field is to blame; and why a file could not be read. */
  readonly refusal: { readonly of: 'save' | 'import'; readonly error: unknown } | null;
  readonly reading: boolean;
  readonly imported: IImport | null;
  /** When what stands there was typed, if the page was loaded again since. */
  readonly restoredAt: string | null;
  /** The environment as somebody else has changed it; `refused`: that kept this from being saved. */
  readonly theirs: { readonly environment: Environment; readonly refused: boolean } | null;
}

/** What one form holds, what is wrong with it, and how it is saved. */
export class FormModel implements IDisposable {
  constructor(
    private readonly _workbench: IWorkbench,
    readonly args: IFormArgs
  ) {
    this.preview = new PreviewModel(_workbench.client, this.isEdit ? args.shortName! : null);
    _workbench.environments.stateChanged.connect(this._onEnvironments, this);
    void this.load();
  }

  readonly preview: PreviewModel;

  get isEdit(): boolean {
    return this.args.mode === 'edit';
  }

  get state(): IFormState {
    return this._state;
  }

  get stateChanged(): ISignal<this, IFormState> {
    return this._stateChanged;
  }

  /** The problem to look at first, when something was not taken because of it. */
  get attention(): ISignal<this, IProblem> {
    return this._attention;
  }

  /** Whether closing the form would lose something. */
  get differs(): boolean {
    return !isEqual(this._state.values, this._initial);
  }

  /** What may be shown: problems of fields that were touched. */
  get shownProblems(): readonly IProblem[] {
    const { problems, touched } = this._state;
    return problems.filter(({ field }) => touched.has(field));
  }

  /** Read what the form begins with; again after a failure. */
  async load(): Promise<void> {
    this._change({ phase: 'loading', error: null });
    const { environments } = this._workbench;
    try {
      const [me, source] = await Promise.all([
        this._workbench.me(),
        this._source(),
        environments.ensure()
      ]);
      this._draft = new Draft(this._workbench.client.settings.baseUrl, me.name, this.args.id);
      this._initial = source;
      const kept = this._draft.read();
      if (kept) {
        this._initial = kept.initial;
        this._etag = kept.etag;
      }
      const values = kept?.values ?? source;
      const touched = new Set(FIELDS.filter(field => kept || hasText(values, field)));
      this._change({ phase: 'ready', me, values, touched, restoredAt: kept?.at ?? null });
      this._check();
      this._askName();
      this._onEnvironments();
      void this._readPythons(me.policy.python_versions);
    } catch (error) {
      this._change({ phase: 'failed', error });
    }
  }

  set<K extends keyof IValues>(key: K, value: IValues[K]): void {
    const text = key === 'shortName' ? value.toLowerCase() : value;
    if (this._state.values[key] !== text) {
      this.fill({ ...this._state.values, [key]: text }, FIELD_OF[key]);
    }
  }

  /** From now on it is told what is wrong with that field. */
  touch(field: Field): void {
    if (!this._state.touched.has(field)) {
      this._change({ touched: new Set([...this._state.touched, field]) });
    }
  }

  /** @param changed - fields that are no longer as the server refused them */
  fill(values: IValues, changed: readonly Field[] = FIELDS): void {
    const named = values.shortName !== this._state.values.shortName;
    this._refused = this._refused.filter(({ field }) => !changed.includes(field));
    this._change({ values, touched: new Set([...this._state.touched, ...changed]) });
    this._check();
    this._keep();
    if (named) {
      this._askName();
    }
  }

  /** As it was when the form was opened. */
  reset(): void {
    this._refused = [];
    this._change({
      values: this._initial,
      touched: new Set(FIELDS.filter(field => hasText(this._initial, field))),
      imported: null,
      refusal: null,
      restoredAt: null
    });
    this._check();
    this._keep();
    this._askName();
  }

  /** Forget what was typed, also in the browser. */
  discard(): void {
    this._gone = true;
    this._draft?.remove();
  }

  /** @returns the environment as it was saved; `null` when it was not, and then the state says why. */
  async save(then: 'save' | 'build' = 'save'): Promise<Environment | null> {
    if (this._state.saving !== null || this._state.phase !== 'ready') {
      return null;
    }
    this._change({ touched: new Set(FIELDS), refusal: null });
    if (this._state.problems.length > 0) {
      this._block('save', this._state.problems[0]);
      return null;
    }
    this._change({ saving: then });
    try {
      const saved = await this._send();
      this._workbench.environments.put(saved);
      this._initial = this._state.values;
      this.discard();
      return saved;
    } catch (error) {
      await this._refuse(error);
      return null;
    } finally {
      this._change({ saving: null });
    }
  }

  async solve(): Promise<void> {
    this._change({ touched: new Set([...this._state.touched, ...SOLVED]), refusal: null });
    const wrong = this._state.problems.find(({ field }) => SOLVED.includes(field));
    if (wrong) {
      this._block('preview', wrong);
      return;
    }
    const error = await this.preview.solve(this._state.values);
    if (error instanceof ApiError && this._takeProblems(error, 'preview')) {
      this.preview.clear();
    }
  }

  /** Fill the form from another tool's file. */
  async import(text: string, name?: string): Promise<void> {
    this._change({ reading: true, refusal: null });
    try {
      const account = await this._workbench.client.import(text, name);
      const before = this._state.values;
      const { spec } = account;
      const values = {
        ...before,
        shortName: before.shortName || (spec.short_name ?? ''),
        fullName: before.fullName || spec.full_name,
        pythonVersion: (!before.base && spec.python_version) || before.pythonVersion,
        conda: spec.conda_requirements.join('\n'),
        pip: spec.pip_requirements.join('\n')
      };
      const replaced = Boolean(before.conda.trim() || before.pip.trim());
      const pythonLeftOut = before.base ? spec.python_version : null;
      this._change({ imported: { account, before, replaced, pythonLeftOut } });
      this.fill(values);
    } catch (error) {
      this._change({ refusal: { of: 'import', error } });
    } finally {
      this._change({ reading: false });
    }
  }

  /** The browser could not read the file. */
  refuseImport(error: unknown): void {
    this._change({ refusal: { of: 'import', error } });
  }

  undoImport(): void {
    const { imported } = this._state;
    if (imported) {
      this._change({ imported: null });
      this.fill(imported.before);
    }
  }

  dismissImport(): void {
    this._change({ imported: null });
  }

  /** Show what the other person has saved; what stands there is lost. */
  takeTheirs(): void {
    const { theirs } = this._state;
    if (theirs) {
      this._adopt(theirs.environment);
      this._change({ theirs: null, refusal: null });
      this.fill(this._initial);
    }
  }

  /** Go on with what stands there: the next Save writes over theirs. */
  keepMine(): void {
    const { theirs } = this._state;
    if (theirs) {
      this._adopt(theirs.environment);
      this._change({ theirs: null });
      this._keep();
    }
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    window.clearTimeout(this._timer);
    this._workbench.environments.stateChanged.disconnect(this._onEnvironments, this);
    this.preview.dispose();
    Signal.clearData(this);
  }

  private async _source(): Promise<IValues> {
    const { base, mode, shortName } = this.args;
    const { environments, trans } = this._workbench;
    const name = mode === 'new' ? base : shortName;
    if (name === undefined) {
      return EMPTY;
    }
    const found = await environments.read(name);
    if (!found) {
      throw new Error(trans.__('There is no environment "%1" that you can see.', name));
    }
    if (mode === 'new') {
      const version = found.usable_version;
      return { ...EMPTY, base: version === null ? '' : baseKey(name, version) };
    }
    if (mode === 'edit') {
      this._etag = found.etag;
      return valuesOf(found);
    }
    const copy = trans.__('%1 (copy)', found.full_name);
    const fullName = copy.length > FULL_LIMIT ? found.full_name : copy;
    return { ...valuesOf(found), shortName: '', fullName };
  }

  private async _readPythons(allowed: readonly string[]): Promise<void> {
    const { versions } = await this._workbench.client
      .packageVersions('conda', 'python')
      // It can be typed all the same.
      .catch(() => ({ versions: [...allowed] }));
    if (this._disposed) {
      return;
    }
    const pythons = offeredPythons(versions, allowed);
    const { values } = this._state;
    this._change({ pythons });
    if (pythons.length > 0 && !this._initial.pythonVersion) {
      const pythonVersion = pythons[0];
      this._initial = { ...this._initial, pythonVersion };
      if (!values.pythonVersion && !this._state.touched.has('python_version')) {
        this._change({ values: { ...values, pythonVersion } });
      }
      this._check();
    }
  }

  private _send(): Promise<Environment> {
    const { client } = this._workbench;
    const spec = specOf(this._state.values);
    if (!this.isEdit) {
      return client.create(spec);
    }
    const { short_name, ...edit } = spec;
    return client.edit(short_name, edit, this._etag ?? undefined);
  }

  private async _refuse(error: unknown): Promise<void> {
    if (error instanceof ApiError && this._takeProblems(error, 'save')) {
      return;
    }
    if (error instanceof ApiError && error.code === 'stale') {
      const found = await this._workbench.environments
        .read(this.args.shortName!)
        .catch(() => undefined);
      if (found) {
        this._change({ theirs: { environment: found, refused: true } });
        return;
      }
    }
    this._change({ refusal: { of: 'save', error } });
  }

  /** Put a refusal where it belongs, as far as fields are to blame for it. */
  private _takeProblems(error: ApiError, asked: 'save' | 'preview'): boolean {
    const { code, message, errors } = error;
    const refused: IProblem[] = errors.flatMap(({ field, ...rest }) =>
      isField(field) ? [{ field, ...rest }] : []
    );
    if (code === 'short_name_taken') {
      refused.push({ field: 'short_name', line: null, text: null, message });
    }
    if (refused.length === 0 || refused.length < errors.length) {
      return false;
    }
    this._refused = refused;
    this._check();
    this._block(asked, inOrder(refused)[0]);
    return true;
  }

  private _block(blocked: 'save' | 'preview', first: IProblem): void {
    this._change({ blocked });
    this._attention.emit(first);
  }

  private _check(): void {
    const { me, values } = this._state;
    const found = problemsOf(values, me?.extended_requirements ?? false);
    const known = new Set(found.map(({ field, line }) => `${field} ${line}`));
    // What the server said stays beside it, unless the same place has a problem here already.
    const more = [...this._refused, ...this._taken].filter(
      ({ field, line }) => !known.has(`${field} ${line}`)
    );
    const problems = inOrder([...found, ...more]);
    this._change({ problems, ...(problems.length === 0 ? { blocked: null } : {}) });
  }

  private _keep(): void {
    if (this._gone) {
      return;
    }
    if (this.differs) {
      this._draft?.write({
        values: this._state.values,
        initial: this._initial,
        etag: this._etag
      });
    } else {
      this._draft?.remove();
    }
  }

  /** Whether the name is free, once nobody types any more. */
  private _askName(): void {
    window.clearTimeout(this._timer);
    this._taken = [];
    const { problems, values } = this._state;
    const name = values.shortName.trim();
    if (this.isEdit || problems.some(({ field }) => field === 'short_name')) {
      this._change({ nameIs: null });
      this._check();
      return;
    }
    this._change({ nameIs: 'asked' });
    this._check();
    this._timer = window.setTimeout(() => {
      this._workbench.client.shortName(name).then(
        ({ available, message }) => {
          if (this._disposed || this._state.values.shortName.trim() !== name) {
            return;
          }
          this._taken =
            available || message === null
              ? []
              : [{ field: 'short_name', line: null, text: name, message }];
          this._change({ nameIs: available ? 'free' : 'taken' });
          this._check();
        },
        // Save will tell.
        () => this._change({ nameIs: null })
      );
    }, NAME_PAUSE);
  }

  private readonly _onEnvironments = (): void => {
    const { args, isEdit } = this;
    const { phase, saving, theirs } = this._state;
    const found = isEdit ? this._workbench.environments.find(args.shortName!) : undefined;
    if (!found || phase !== 'ready' || saving !== null || this._gone) {
      this._change({});
      return;
    }
    if (found.etag === this._etag || found.etag === theirs?.environment.etag) {
      this._change({});
    } else if (isEqual(valuesOf(found), this._state.values)) {
      this._adopt(found);
      this._change({ theirs: null });
      this._keep();
    } else if (!this.differs) {
      this._adopt(found);
      this.fill(this._initial);
    } else {
      this._change({ theirs: { environment: found, refused: false } });
    }
  };

  private _adopt(environment: Environment): void {
    this._etag = environment.etag;
    this._initial = {
      ...valuesOf(environment),
      pythonVersion: environment.python_version ?? this._initial.pythonVersion
    };
  }

  private _change(change: Partial<IFormState>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._stateChanged.emit(this._state);
    }
  }

  private readonly _attention = new Signal<this, IProblem>(this);
  private readonly _stateChanged = new Signal<this, IFormState>(this);
  private _disposed = false;
  private _draft: Draft | null = null;
  private _etag: string | null = null;
  private _gone = false;
  private _initial = EMPTY;
  private _refused: IProblem[] = [];
  private _state: IFormState = {
    phase: 'loading',
    error: null,
    me: null,
    values: EMPTY,
    touched: new Set(),
    problems: [],
    nameIs: null,
    pythons: [],
    saving: null,
    blocked: null,
    refusal: null,
    reading: false,
    imported: null,
    restoredAt: null,
    theirs: null
  };
  private _taken: IProblem[] = [];
  private _timer = 0;
}

/** What a solve depends on. */
const SOLVED: readonly Field[] = [
  'base',
  'python_version',
  'conda_requirements',
  'pip_requirements'
];

function hasText(values: IValues, field: Field): boolean {
  return (Object.keys(FIELD_OF) as (keyof IValues)[]).some(
    key => FIELD_OF[key][0] === field && values[key] !== ''
  );
}

/** Whether the person may do that with the environment that is edited; new ones are theirs. */
export function mayInForm(
  workbench: IWorkbench,
  model: FormModel,
  action: 'edit' | 'build'
): { allowed: boolean; reason: string | null } {
  const environment = model.isEdit && workbench.environments.find(model.args.shortName!);
  return environment ? decisionOf(environment, action) : { allowed: true, reason: null };
}

import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../api/client';
import type { Environment, Local } from '../api/schemas';
import { createLocal, localNames } from '../local/creating';
import type { IFormArgs } from '../tokens';
import type { IWorkbench } from '../workbench';
import { Draft } from './drafts';
import { type IFormState, LOADING } from './formState';
import { filledFrom, importOf } from './imported';
import { NameCheck } from './nameCheck';
import { PreviewModel } from './preview';
import { type Field, FIELDS, type IProblem, problemsIn } from './problem';
import { offeredPythons } from './pythonVersions';
import { startOf } from './start';
import {
  EMPTY,
  FIELDS_OF,
  hasText,
  inOrder,
  isEqual,
  type IValues,
  problemsOf,
  SOLVED,
  specOf,
  valuesOf
} from './values';

/** What one form holds, what is wrong with it, and how it is saved. */
export class FormModel implements IDisposable {
  constructor(
    private readonly _workbench: IWorkbench,
    readonly args: IFormArgs
  ) {
    this._name = new NameCheck(this.isLocal ? localNames(_workbench) : _workbench.client);
    this._name.stateChanged.connect(this._onName);
    this.preview = new PreviewModel(_workbench.client, this.isEdit ? args.shortName! : null);
    _workbench.environments.stateChanged.connect(this._onEnvironments, this);
    void this.load();
  }

  readonly preview: PreviewModel;

  get isEdit(): boolean {
    return this.args.mode === 'edit';
  }

  get isLocal(): boolean {
    return this.args.mode === 'local';
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
      const [me, start] = await Promise.all([
        this._workbench.me(),
        startOf(this.args, this._workbench),
        environments.ensure()
      ]);
      this._draft = new Draft(this._workbench.client.settings.baseUrl, me.name, this.args.id);
      const kept = this._draft.read();
      this._initial = kept?.initial ?? start.values;
      this._etag = kept ? kept.etag : start.etag;
      const values = kept?.values ?? start.values;
      const touched = new Set(FIELDS.filter(field => kept || hasText(values, field)));
      this._change({ phase: 'ready', me, values, touched, restoredAt: kept?.at ?? null });
      this._check();
      this._askName();
      this._onEnvironments();
      void this._readPythons(me.policy.python_versions);
      const dropped = this.args.importing ? this._workbench.pendingImport : null;
      if (dropped) {
        this._workbench.pendingImport = null;
        void this.import(dropped.text, dropped.fileName);
      }
    } catch (error) {
      this._change({ phase: 'failed', error });
    }
  }

  set<K extends keyof IValues>(key: K, value: IValues[K]): void {
    const text = key === 'shortName' ? value.toLowerCase() : value;
    if (this._state.values[key] !== text) {
      this.fill({ ...this._state.values, [key]: text }, FIELDS_OF[key]);
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
    this._draft?.discard();
  }

  /** @returns the environment as it was saved; `null` when it was not, and then the state says why. */
  async save(then: 'save' | 'build' = 'save'): Promise<Environment | Local | null> {
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
      this._change({ imported: importOf(account, before) });
      this.fill(filledFrom(account, before));
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
    this._workbench.environments.stateChanged.disconnect(this._onEnvironments, this);
    this._name.dispose();
    this.preview.dispose();
    Signal.clearData(this);
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
    const { restoredAt, touched, values } = this._state;
    this._change({ pythons });
    if (pythons.length > 0 && !this._initial.pythonVersion) {
      const pythonVersion = pythons[0];
      this._initial = { ...this._initial, pythonVersion };
      // A draft that was kept before the versions had come was never given one.
      const isLeftEmpty = touched.has('python_version') && restoredAt === null;
      if (!values.pythonVersion && !isLeftEmpty) {
        this._change({ values: { ...values, pythonVersion } });
      }
      this._check();
    }
  }

  private async _send(): Promise<Environment | Local> {
    const { client, environments } = this._workbench;
    if (this.isLocal) {
      return createLocal(this._workbench, this._state.values);
    }
    const { short_name, ...edit } = specOf(this._state.values);
    const saved = this.isEdit
      ? await client.edit(short_name, edit, this._etag ?? undefined)
      : await client.create({ short_name, ...edit });
    environments.put(saved);
    return saved;
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
    const refused = problemsIn(error);
    if (refused.length === 0) {
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
    const found = problemsOf(values, me?.extended_requirements ?? false, this.isLocal);
    const known = new Set(found.map(({ field, line }) => `${field} ${line}`));
    // What the server said stays beside it, unless the same place has a problem here already.
    const { problem: taken } = this._name.state;
    const more = [...this._refused, ...(taken ? [taken] : [])].filter(
      ({ field, line }) => !known.has(`${field} ${line}`)
    );
    const problems = inOrder([...found, ...more]);
    this._change({ problems, ...(problems.length === 0 ? { blocked: null } : {}) });
  }

  private _keep(): void {
    const { _etag: etag, _initial: initial } = this;
    this._draft?.keep({ values: this._state.values, initial, etag });
  }

  private _askName(): void {
    const { problems, values } = this._state;
    // What the server refused it for is a reason too not to ask.
    const isWrong = problems.some(
      problem => problem.field === 'short_name' && problem !== this._name.state.problem
    );
    this._name.ask(this.isEdit || isWrong ? null : values.shortName.trim());
  }

  private readonly _onName = (): void => {
    this._change({ nameIs: this._name.state.is });
    this._check();
  };

  private readonly _onEnvironments = (): void => {
    const { args, isEdit } = this;
    const { phase, saving, theirs } = this._state;
    const found = isEdit ? this._workbench.environments.find(args.shortName!) : undefined;
    if (!found || phase !== 'ready' || saving !== null || this._draft?.isDiscarded) {
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
  private _initial = EMPTY;
  private readonly _name: NameCheck;
  private _refused: IProblem[] = [];
  private _state = LOADING;
}

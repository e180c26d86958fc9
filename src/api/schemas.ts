import type { components } from './types';

type Schemas = components['schemas'];

/** What the server answers and takes, by the names that the panel uses; generated from the server's own models. */
export type Environment = Schemas['EnvironmentAnswer'];
export type EnvironmentList = Schemas['EnvironmentList'];
export type EnvironmentSpec = Partial<Schemas['EnvironmentSpec']> &
  Pick<Schemas['EnvironmentSpec'], 'short_name' | 'full_name'>;
export type EnvironmentEdit = Partial<Schemas['EnvironmentEdit']>;
export type PreviewRequest = Partial<Schemas['PreviewRequest']>;
export type Preview = Schemas['PreviewAnswer'];
export type ShortNameAvailability = Schemas['ShortNameAnswer'];
export type Status = Environment['status'];
export type Phase = NonNullable<Environment['phase']>;
export type Progress = Schemas['ProgressAnswer'];
export type Version = Schemas['VersionAnswer'];
export type VersionSummary = Schemas['VersionSummary'];
export type Package = Schemas['PackageAnswer'];
export type PackageChange = Schemas['PackageChangeAnswer'];
export type Diff = Schemas['DiffAnswer'];
export type Compared = Schemas['ComparedAnswer'];
export type Newer = Schemas['NewerAnswer'];
export type Review = Schemas['ReviewAnswer'];
export type ReviewPage = Schemas['ReviewPageAnswer'];
export type Violating = Schemas['ViolatingAnswer'];
export type Policy = Schemas['PolicyAnswer'];
export type PolicyBody = Partial<Schemas['PolicyBody']>;
export type PolicyChanged = Schemas['PolicyChangedAnswer'];
export type Arrival = Schemas['ArrivalAnswer'];
export type RunningKernel = Schemas['RunningKernelAnswer'];
export type Usage = Schemas['UsageDetails'];
export type Imported = Schemas['ImportAnswer'];
export type PackageVersions = Schemas['PackageVersions'];
export type Me = Schemas['MeAnswer'];
export type HappenedEvent = Schemas['EventAnswer'];
export type EventList = Schemas['EventList'];
export type ProgressFrame = Schemas['ProgressFrame'];
export type Local = Schemas['LocalAnswer'];
export type LocalDetails = Schemas['LocalDetails'];
export type LocalPackage = Schemas['LocalPackageAnswer'];
export type LocalSpec = Partial<Schemas['LocalSpec']> & Pick<Schemas['LocalSpec'], 'name'>;
export type Drift = Schemas['DriftAnswer'];
export type Reproduction = Schemas['ReproductionAnswer'];
export type CopyToDataflow = Partial<Schemas['CopyToDataflowBody']> &
  Pick<Schemas['CopyToDataflowBody'], 'short_name' | 'full_name'>;
export type EventsFrame =
  | Schemas['HelloFrame']
  | Schemas['SnapshotFrame']
  | Schemas['EventFrame']
  | Schemas['PositionFrame']
  | ProgressFrame;
export type LogFrame = Schemas['LogFrame'];
export type Refusal = Schemas['ErrorAnswer'];
export type FieldError = Schemas['FieldErrorAnswer'];

export type Manager = Package['manager'];
export type ExportFormat =
  | 'conda-lock.yml'
  | 'environment.yml'
  | 'requested.yml'
  | 'explicit.txt'
  | 'requirements.txt'
  | 'sbom.cdx.json';

import { CommandIDs } from '../tokens';

/** Commands about Local environments; all but the first take `ILocalArgs`, or act on the one that has the focus. */
export namespace LocalCommandIDs {
  export const create = 'dataflow-envs:new-local';
  export const open = 'dataflow-envs:local-open';
  export const newNotebook = 'dataflow-envs:local-notebook';
  export const showLog = 'dataflow-envs:local-log';
  /** One command for each action of the server's table, such as `dataflow-envs:local-delete`. */
  export const action = (name: string): string => CommandIDs.action(`local_${name}`);
}

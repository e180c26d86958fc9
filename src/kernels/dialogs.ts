import { type ISessionContext, SessionContextDialogs } from '@jupyterlab/apputils';

export type SelectKernel = (context: ISessionContext, cores: SelectKernel) => Promise<void>;

/**
 * Let `select` ask which kernel to take, in place of JupyterLab's own dialogs; it gets these as its second argument.
 *
 * @returns whether it does now: not when another extension provides the dialogs, or has put something in their place
 */
export function replaceSelectKernel(
  dialogs: ISessionContext.IDialogs,
  select: SelectKernel
): boolean {
  const isCores = Object.getPrototypeOf(dialogs) === SessionContextDialogs.prototype;
  if (!isCores || Object.hasOwn(dialogs, 'selectKernel')) {
    return false;
  }
  const cores: SelectKernel = context =>
    SessionContextDialogs.prototype.selectKernel.call(dialogs, context);
  dialogs.selectKernel = context => select(context, cores);
  return true;
}

import * as os from 'node:os';

const SOON = 2_000;

/** The two seconds, in milliseconds, within which what others do is to be seen; longer where others use the processors. */
export function soon(): number {
  return SOON * Math.max(1, os.loadavg()[0] / os.cpus().length);
}

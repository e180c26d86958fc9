import type { TranslationBundle } from '@jupyterlab/translation';

/** Bytes in the unit that people read, such as "34 MB"; powers of 1000, as package indexes count. */
export function sizeWords(bytes: number, trans: TranslationBundle): string {
  const units = [trans.__('B'), trans.__('kB'), trans.__('MB'), trans.__('GB'), trans.__('TB')];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toLocaleString(undefined, { maximumFractionDigits: digits })} ${units[unit]}`;
}

/** Seconds as "8 s", "2 min 5 s", "1 h 12 min". */
export function durationWords(seconds: number, trans: TranslationBundle): string {
  if (seconds < 9.95) {
    const rounded = seconds.toLocaleString(undefined, { maximumFractionDigits: 1 });
    return trans.__('%1 s', rounded);
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return trans.__('%1 s', whole);
  }
  if (whole < 3600) {
    return trans.__('%1 min %2 s', Math.floor(whole / 60), whole % 60);
  }
  return trans.__('%1 h %2 min', Math.floor(whole / 3600), Math.floor((whole % 3600) / 60));
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60]
];

/** Such as "2 days ago", in the language of the page; `now` is a moment in milliseconds. */
export function agoWords(at: string, trans: TranslationBundle, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  for (const [unit, length] of STEPS) {
    if (seconds >= length) {
      const format = new Intl.RelativeTimeFormat(languageOfPage(), { numeric: 'auto' });
      return format.format(-Math.floor(seconds / length), unit);
    }
  }
  return trans.__('just now');
}

/** The moment itself, for tooltips. */
export function momentWords(at: string): string {
  return new Date(at).toLocaleString(languageOfPage(), {
    dateStyle: 'medium',
    timeStyle: 'medium'
  });
}

function languageOfPage(): string | undefined {
  return document.documentElement.lang || undefined;
}

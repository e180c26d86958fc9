import type { TranslationBundle } from '@jupyterlab/translation';

import type { HappenedEvent } from '../../api/schemas';
import { ruleWord } from '../../ui/ruleWord';
import { sizeWords } from '../../ui/format';

export interface IDetail {
  readonly name: string;
  readonly value: string;
  /** The whole of it, when `value` is shortened. */
  readonly whole?: string;
}

const CODE = 12;

/** What else an event tells, each detail with a name for people; nothing of it is left out. */
export function detailsOf(event: HappenedEvent, trans: TranslationBundle): IDetail[] {
  const { before, after, ...rest } = event.details ?? {};
  const found = Object.entries(rest).flatMap(([name, value]) => detailOf(name, value, trans));
  return isRecord(before) && isRecord(after)
    ? [...found, ...changesOf(before, after, trans)]
    : [
        ...found,
        ...(before === undefined ? [] : detailOf('before', before, trans)),
        ...(after === undefined ? [] : detailOf('after', after, trans))
      ];
}

function detailOf(name: string, value: unknown, trans: TranslationBundle): IDetail[] {
  if (value === null || value === '' || value === false) {
    return [];
  }
  const label = labelOf(name, trans);
  if (name === 'bytes' && typeof value === 'number') {
    return [{ name: label, value: sizeWords(value, trans) }];
  }
  const text = textOf(value);
  if (name === 'digest' && text.length > CODE) {
    return [{ name: label, value: text.slice(0, CODE), whole: text }];
  }
  return [{ name: label, value: value === true ? trans.__('yes') : text }];
}

/** Only what differs. */
function changesOf(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  trans: TranslationBundle
): IDetail[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map(name => ({
      name: ruleWord(name, trans),
      value: `${settingOf(before[name], trans)} → ${settingOf(after[name], trans)}`
    }));
}

function settingOf(value: unknown, trans: TranslationBundle): string {
  const empty =
    value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  return empty ? trans.__('none') : textOf(value);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(textOf).join(', ');
  }
  if (isRecord(value)) {
    const { name, specifier, reason, ...rest } = value;
    if (
      typeof name === 'string' &&
      typeof specifier === 'string' &&
      Object.keys(rest).length === 0
    ) {
      return `${name}${specifier} (${textOf(reason)})`;
    }
  }
  return JSON.stringify(value) ?? '';
}

function labelOf(name: string, trans: TranslationBundle): string {
  switch (name) {
    case 'attempt':
      return trans.__('Attempt');
    case 'attempts':
      return trans.__('Attempts');
    case 'bytes':
      return trans.__('Size');
    case 'changed':
      return trans.__('Changed');
    case 'comment':
      return trans.__('Comment');
    case 'digest':
      return trans.__('Digest');
    case 'draft':
      return trans.__('Draft');
    case 'forced':
      return trans.__('Forced');
    case 'full_name':
      return trans.__('Full Name');
    case 'limit':
      return trans.__('Limit');
    case 'owner':
      return trans.__('New owner');
    case 'person':
      return trans.__('Person');
    case 'prefix':
      return trans.__('Prefix');
    case 'previous_owner':
      return trans.__('Previous owner');
    case 'reason':
      return trans.__('Reason');
    case 'review':
      return trans.__('Review');
    case 'superseded':
      return trans.__('Replaces version');
    case 'why':
      return trans.__('Why');
    default:
      return name;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { HappenedEvent } from '../../api/schemas';

export type AuditFormat = 'jsonl' | 'csv';

const COLUMNS = ['seq', 'at', 'kind', 'short_name', 'version', 'actor', 'details'] as const;

/** A part of the audit trail as a file for other tools. */
export class AuditFile {
  constructor(private readonly _format: AuditFormat) {
    if (_format === 'csv') {
      this._parts.push(`${COLUMNS.join(',')}\r\n`);
    }
  }

  get count(): number {
    return this._count;
  }

  add(events: readonly HappenedEvent[]): void {
    this._count += events.length;
    this._parts.push(...events.map(this._format === 'csv' ? csvLine : jsonLine));
  }

  get text(): string {
    return this._parts.join('');
  }

  /** Hand it to the browser as a download. */
  download(now = new Date()): void {
    const type = this._format === 'csv' ? 'text/csv' : 'application/jsonl';
    const url = URL.createObjectURL(new Blob([this.text], { type: `${type};charset=utf-8` }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `audit-${now.toISOString().slice(0, 10)}.${this._format}`;
    link.click();
    URL.revokeObjectURL(url);
  }

  private _count = 0;
  private readonly _parts: string[] = [];
}

function jsonLine(event: HappenedEvent): string {
  return `${JSON.stringify(Object.fromEntries(COLUMNS.map(name => [name, event[name]])))}\n`;
}

function csvLine(event: HappenedEvent): string {
  const cells = COLUMNS.map(name => {
    const value = event[name];
    return cell(typeof value === 'object' && value !== null ? JSON.stringify(value) : value);
  });
  return `${cells.join(',')}\r\n`;
}

function cell(value: string | number | null): string {
  if (value === null) {
    return '';
  }
  // A table program would take it for a formula, and run it.
  const text = /^[=+\-@\t\r]/.test(String(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

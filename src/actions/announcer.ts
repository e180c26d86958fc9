/** A region that is new is not read out: it has to be there a moment before its text. */
const PAUSE = 100;

/** Says what was done to those who hear the page; nobody sees it. */
export class Announcer {
  say(text: string): void {
    const region = (this._region ??= makeRegion());
    region.textContent = '';
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      region.textContent = text;
    }, PAUSE);
  }

  private _region: HTMLElement | null = null;
  private _timer = 0;
}

function makeRegion(): HTMLElement {
  const region = document.createElement('div');
  region.className = 'jp-DataflowEnvs-announcer';
  region.setAttribute('role', 'status');
  region.setAttribute('aria-live', 'polite');
  document.body.append(region);
  return region;
}

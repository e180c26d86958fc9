/** Where a scrolled view is, in pixels. */
export interface IPlace {
  top: number;
  /** Of what is visible. */
  height: number;
  /** Of all there is. */
  total: number;
}

/** Nobody sees a smaller distance from the end. */
const NEAR = 4;

/**
 * Whether a log that grows is kept at its end: while it stands there; no more as soon as it is scrolled up, until it is
 * scrolled down again. Layout may move the view as well: only what goes up in a text that has not shrunk was a person.
 */
export class Follow {
  constructor(
    private _wanted: boolean,
    private _active = _wanted
  ) {}

  /** Whether new lines are being shown now. */
  get active(): boolean {
    return this._active;
  }

  /** A person's choice: begin now, or stop and do not begin again. */
  set(wanted: boolean): void {
    this._wanted = wanted;
    this._active = wanted;
    this._leaving = false;
  }

  /** Something else is about to be shown: stop for now. What is heard of the last move down may come after this. */
  pause(): void {
    this._active = false;
    this._leaving = true;
  }

  /** It is shown: who comes to the end from now on has been taken there by a person. */
  arrived(): void {
    this._leaving = false;
  }

  /** The view was scrolled. */
  scrolled(place: IPlace): void {
    if (isAtEnd(place)) {
      this._active = this._wanted && !this._leaving;
    } else if (place.top < this._last.top - 1 && place.total >= this._last.total) {
      this._active = false;
    }
    this._last = place;
  }

  private _leaving = false;
  private _last: IPlace = { top: 0, height: 0, total: 0 };
}

export function isAtEnd({ top, height, total }: IPlace): boolean {
  return total - height - top <= NEAR;
}

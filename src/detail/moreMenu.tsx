import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../ui/actionButton';
import type { IOfferLook } from './actionBar';
import type { Offered } from './offered';

/**
 * A button with a menu, as the ARIA practices describe it. What can't be chosen now stays in it and says why: menus of
 * Lumino pass over such entries.
 */
export function MoreMenu(props: {
  label: string;
  groups: readonly (readonly IOfferLook[])[];
  onChoose: (offered: Offered) => void;
}): JSX.Element {
  const { label, groups, onChoose } = props;
  const [open, setOpen] = React.useState(false);
  const place = React.useRef<HTMLSpanElement>(null);
  const menu = React.useRef<HTMLDivElement>(null);
  const id = React.useId();

  const entries = () => [...(menu.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
  const close = (refocus: boolean) => {
    setOpen(false);
    if (refocus) {
      place.current?.querySelector('button')?.focus();
    }
  };
  React.useLayoutEffect(() => {
    if (!open || !menu.current || !place.current) {
      return undefined;
    }
    // Below its button, and no further to the right than the row of actions goes.
    const room = place.current.parentElement?.clientWidth ?? 0;
    const left = Math.min(place.current.offsetLeft, room - menu.current.offsetWidth);
    menu.current.style.left = `${Math.max(0, left)}px`;
    menu.current.style.top = `${place.current.offsetTop + place.current.offsetHeight + 4}px`;
    entries()[0]?.focus();
    menu.current.scrollIntoView?.({ block: 'nearest' });
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!menu.current?.contains(target) && !place.current?.contains(target)) {
        setOpen(false);
      }
    };
    document.addEventListener('pointerdown', outside, true);
    return () => document.removeEventListener('pointerdown', outside, true);
  }, [open]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + all.length,
      Home: 0,
      End: all.length - 1
    }[event.key];
    if (to !== undefined) {
      all[to % all.length]?.focus();
    } else if (event.key === 'Escape') {
      close(true);
    } else if (event.key === 'Tab') {
      setOpen(false);
      return;
    } else if (/^\S$/.test(event.key)) {
      const later = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      const wanted = event.key.toLowerCase();
      later.find(({ textContent }) => textContent?.toLowerCase().startsWith(wanted))?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const choose = ({ allowed, busy, offered }: IOfferLook) => {
    if (allowed && !busy) {
      close(true);
      onChoose(offered);
    }
  };

  return (
    <>
      <span ref={place} className="jp-DataflowEnvs-more">
        <ActionButton
          label={label}
          icon={ellipsesIcon}
          iconOnly
          menu={open}
          onClick={() => setOpen(!open)}
        />
      </span>
      {open && (
        <div
          ref={menu}
          className="jp-DataflowEnvs-menu"
          role="menu"
          aria-label={label}
          tabIndex={-1}
          onKeyDown={onKeyDown}
        >
          {groups.map((group, index) => (
            <React.Fragment key={group[0].offered}>
              {index > 0 && <div role="separator" className="jp-DataflowEnvs-menuLine" />}
              {group.map(look => {
                const reason = look.allowed ? null : look.refusal;
                const key = `${id}-${look.offered}`;
                return (
                  <button
                    key={look.offered}
                    type="button"
                    role="menuitem"
                    className="jp-DataflowEnvs-menuItem"
                    aria-labelledby={`${key}-label`}
                    aria-describedby={reason ? `${key}-reason` : undefined}
                    aria-disabled={!look.allowed || look.busy}
                    tabIndex={-1}
                    onClick={() => choose(look)}
                  >
                    <look.icon.react tag="span" elementSize="normal" aria-hidden="true" />
                    <span id={`${key}-label`}>{look.label}</span>
                    {reason && (
                      <span id={`${key}-reason`} className="jp-DataflowEnvs-menuReason">
                        {reason}
                      </span>
                    )}
                  </button>
                );
              })}
            </React.Fragment>
          ))}
        </div>
      )}
    </>
  );
}

import '@testing-library/jest-dom';

import { fireEvent, screen } from '@testing-library/react';

import { openMenu } from '../reasonMenu';

describe('openMenu', () => {
  let chosen: string[];
  let button: HTMLButtonElement;
  let row: HTMLButtonElement;

  const entry = (label: string, refusal: string | null = null) => ({
    label,
    refusal,
    onChoose: () => void chosen.push(label)
  });

  /** Lumino knows keys by their codes. */
  const press = (node: HTMLElement) => {
    node.focus();
    fireEvent.keyDown(node, { key: 'Enter', keyCode: 13 });
  };

  beforeEach(() => {
    chosen = [];
    [button, row] = ['More', 'Row'].map(text => {
      const node = document.createElement('button');
      node.textContent = text;
      return document.body.appendChild(node);
    });
  });

  afterEach(() => document.body.replaceChildren());

  it('says below an entry why it can’t be chosen, and does not do it', () => {
    openMenu('Of maps', [entry('Edit'), null, entry('Revert', 'There is none.')], button);
    const revert = screen.getByRole('menuitem', { name: 'Revert' });
    expect(revert).toHaveAttribute('aria-disabled', 'true');
    expect(revert).toHaveAccessibleDescription('There is none.');
    expect(revert).toHaveTextContent('There is none.');
    press(revert);
    expect(chosen).toEqual([]);
    expect(screen.getByRole('menu', { name: 'Of maps' })).toBeInTheDocument();
  });

  it('gives the focus back to its button after a choice', () => {
    openMenu('Of maps', [entry('Edit')], button);
    press(screen.getByRole('menuitem', { name: 'Edit' }));
    expect(chosen).toEqual(['Edit']);
    expect(button).toHaveFocus();
  });

  it('gives the focus to what it is told when it was opened at a place of the page', () => {
    button.focus();
    openMenu('Of maps', [entry('Edit')], { x: 10, y: 10 }, row);
    press(screen.getByRole('menuitem', { name: 'Edit' }));
    expect(row).toHaveFocus();
  });
});

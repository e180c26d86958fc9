import '@testing-library/jest-dom';

import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { TabList } from '../tabList';

const TABS = [
  { key: 'libraries', label: 'Libraries' },
  { key: 'log', label: 'Build log' },
  { key: 'versions', label: 'Versions', badge: 2 }
];

describe('TabList', () => {
  let told: string[];

  function Tabs(): JSX.Element {
    const [chosen, choose] = React.useState('libraries');
    const onChoose = (key: string) => {
      told.push(key);
      choose(key);
    };
    return <TabList id="t" label="About maps" tabs={TABS} chosen={chosen} onChoose={onChoose} />;
  }

  const tab = (name: string) => screen.getByRole('tab', { name });

  /** jsdom has no pointer events. */
  const press = (node: HTMLElement, pointerType: string, button = 0) => {
    const event = new MouseEvent('pointerdown', { bubbles: true, button });
    fireEvent(node, Object.assign(event, { pointerType }));
  };

  beforeEach(() => {
    told = [];
    render(<Tabs />);
  });

  it('chooses as soon as the mouse is pressed, and once', () => {
    press(tab('Build log'), 'mouse');
    expect(tab('Build log')).toHaveAttribute('aria-selected', 'true');
    fireEvent.click(tab('Build log'));
    expect(told).toEqual(['log']);
  });

  it('leaves the other buttons and a touch that may be scrolling alone', () => {
    press(tab('Build log'), 'mouse', 2);
    press(tab('Build log'), 'touch');
    expect(told).toEqual([]);
    fireEvent.click(tab('Build log'));
    expect(told).toEqual(['log']);
  });

  it('moves with the arrows, around the ends', () => {
    tab('Libraries').focus();
    fireEvent.keyDown(tab('Libraries'), { key: 'ArrowLeft' });
    expect(tab('Versions 2')).toHaveFocus();
    fireEvent.keyDown(tab('Versions 2'), { key: 'Home' });
    fireEvent.keyDown(tab('Libraries'), { key: 'x' });
    expect(told).toEqual(['versions', 'libraries']);
  });
});

import '@testing-library/jest-dom';

import { render, screen } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import * as React from 'react';

import { environment, trans, version } from '../../__tests__/sample';
import { type IWorkbench, WorkbenchProvider } from '../../workbench';
import { type ILibraryRow, libraryRows } from '../libraryRows';
import { LibraryTable } from '../libraryTable';
import { built, pkg } from './sample';

const ORIGINS: Record<ILibraryRow['origin'], string> = {
  requested: 'Requested',
  base: 'Base',
  added: 'Added by us',
  dependency: 'Dependency'
};

describe('LibraryTable', () => {
  const draw = (count: number) => {
    const packages = Array.from({ length: count }, (_, index) =>
      pkg(`lib${index}`, { size: index })
    );
    const rows = libraryRows(environment(built(1)), version(1, { packages }));
    const asked = rows.filter(({ plan }) => plan === null);
    render(
      <WorkbenchProvider value={{ trans } as unknown as IWorkbench}>
        <div className="jp-DataflowEnvs-content">
          <LibraryTable rows={asked} newer={null} origins={ORIGINS} />
        </div>
      </WorkbenchProvider>
    );
  };
  const names = () => screen.getAllByRole('rowheader').map(({ textContent }) => textContent);

  beforeEach(() => {
    // A page without a layout has no height, and a table without one has no rows in sight.
    jest.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600);
    jest.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(600);
    jest.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(27);
  });

  afterEach(() => jest.restoreAllMocks());

  it('draws a short table as a whole', () => {
    draw(100);
    expect(names()).toHaveLength(100);
    expect(screen.getByRole('table')).not.toHaveAttribute('aria-rowcount');
  });

  it('draws the rows in sight of a long one, in the order asked for, and says how many there are', async () => {
    draw(400);
    expect(names().length).toBeGreaterThan(5);
    expect(names().length).toBeLessThan(100);
    expect(screen.getByRole('table')).toHaveAttribute('aria-rowcount', '401');
    expect(names()[0]).toBe('lib0');
    await userEvent.click(screen.getByRole('button', { name: 'Size' }));
    await userEvent.click(screen.getByRole('button', { name: /^Size/ }));
    expect(names().slice(0, 3)).toEqual(['lib399', 'lib398', 'lib397']);
    expect(screen.getByRole('row', { name: /lib399/ })).toHaveAttribute('aria-rowindex', '2');
  });
});

import AxeBuilder from '@axe-core/playwright';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { APIRequestContext, Locator } from '@playwright/test';
import * as path from 'node:path';

import type { Theme } from './panel';

const IMAGES = path.resolve(__dirname, '../../docs/images');
const DOCUMENTED = /^form(-errors|-preview|-conflict|-import)?-(light|dark)\.png$/;
const VIEW = '.jp-DataflowEnvs-formView';

/** The form as a person works with it: by the names of its fields and buttons. */
export class Form {
  constructor(readonly page: IJupyterLabPageFixture) {
    this.root = page.locator(`${VIEW}:visible`);
  }

  readonly root: Locator;

  /** By a command, as the panel's buttons and the palette do. */
  static async open(
    page: IJupyterLabPageFixture,
    command: 'new' | 'edit' | 'duplicate' | 'use-as-base' | 'import',
    shortName?: string
  ): Promise<Form> {
    await page.evaluate(
      ([id, name]) => {
        void window.jupyterapp.commands.execute(`dataflow-envs:${id}`, { shortName: name });
      },
      [command, shortName] as const
    );
    const form = new Form(page);
    await expect(form.button('Save')).toBeVisible();
    return form;
  }

  field(label: string): Locator {
    return this.root.getByLabel(label, { exact: true });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** What is wrong with a field, as it stands below it. */
  problem(label: string): Locator {
    return this.root
      .locator('.jp-DataflowEnvs-field')
      .filter({ has: this.page.getByText(label, { exact: true }) })
      .locator('.jp-DataflowEnvs-fieldProblem');
  }

  /** The lines of a library box. */
  async lines(label: string): Promise<string[]> {
    // What nobody sees is not drawn.
    await this.field(label).scrollIntoViewIfNeeded();
    return this.field(label).locator('.cm-line').allTextContents();
  }

  /** Paste as the keyboard does, with this text in the clipboard. */
  async paste(label: string, text: string): Promise<void> {
    await this.field(label).evaluate((element, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      element.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })
      );
    }, text);
  }

  /** Drop a file onto a place of the form. */
  async drop(target: Locator, name: string, text: string): Promise<void> {
    const dataTransfer = await this.page.evaluateHandle(
      ([file, content]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], file));
        return transfer;
      },
      [name, text] as const
    );
    await target.dispatchEvent('dragover', { dataTransfer });
    await target.dispatchEvent('drop', { dataTransfer });
  }

  async expectNoViolations(): Promise<void> {
    const { violations } = await new AxeBuilder({ page: this.page }).include(VIEW).analyze();
    expect(
      violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(node => node.failureSummary) }))
    ).toEqual([]);
  }

  /** A picture among the test's results; with UPDATE_IMAGES set, those that the documentation shows go there. */
  async picture(name: string, theme: Theme): Promise<void> {
    const file = `${name}-${theme.toLowerCase().replaceAll(' ', '-')}.png`;
    const documented = process.env.UPDATE_IMAGES && DOCUMENTED.test(file);
    await this.page.screenshot({
      path: documented ? path.join(IMAGES, file) : test.info().outputPath(file)
    });
  }
}

/** What another person does meanwhile, over REST; and what the server has of what was typed. */
export function rest(request: APIRequestContext): {
  environment: (shortName: string) => Promise<Record<string, unknown>>;
  edit: (shortName: string, change: object) => Promise<void>;
  policy: () => Promise<object>;
  setPolicy: (policy: object) => Promise<void>;
} {
  const url = (path: string) => `dataflow-envs/${path}`;
  const read = async <T>(path: string): Promise<T> => {
    const answer = await request.get(url(path));
    expect(answer.status(), await answer.text()).toBe(200);
    return (await answer.json()) as T;
  };
  return {
    environment: shortName => read(`environments/${shortName}`),
    edit: async (shortName, change) => {
      const answer = await request.patch(url(`environments/${shortName}`), { data: change });
      expect(answer.status(), await answer.text()).toBe(200);
    },
    policy: () => read('policy'),
    setPolicy: async policy => {
      const answer = await request.put(url('policy'), { data: policy });
      expect(answer.status(), await answer.text()).toBe(200);
    }
  };
}

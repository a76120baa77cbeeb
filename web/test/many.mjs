// More applications than one page of them, and one that is opened by its token.
import { assert, counts, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { newApplication, newChat } from './helpers/data.mjs'

const hidden = await newApplication('Told by token')
await newChat(hidden)
for (let n = 0; n < 130; n += 10) await Promise.all(Array.from({ length: 10 }, () => newApplication('One of many')))
const last = await newApplication('The last of many')

await scenario(async (page) => {
  await open(page)
  const pane = page.locator('.pane.applications')
  const dialog = page.getByRole('dialog')
  await counts(pane.locator('[data-item]'), 100)
  while (await pane.getByRole('button', { name: 'Show more' }).isVisible()) {
    const before = await pane.locator('[data-item]').count()
    await pane.getByRole('button', { name: 'Show more' }).click()
    await page.waitForFunction((n) => document.querySelectorAll('.pane.applications [data-item]').length > n, before)
    await page.waitForTimeout(100)
  }
  await shows(pane.locator(`[href="#/applications/${last}"]`), 'The last of many')

  await pane.getByRole('button', { name: 'Open by token' }).click()
  await dialog.getByLabel('Token').fill('no token')
  await page.keyboard.press('Enter')
  await shows(dialog.getByRole('alert'), 'This is no token')
  await dialog.getByLabel('Token').fill('0'.repeat(32))
  await page.keyboard.press('Enter')
  await shows(dialog, 'There is no such application')
  await dialog.getByLabel('Token').fill(` ${hidden} `)
  await page.keyboard.press('Enter')
  await gone(dialog)
  await shows(page.locator('#chats-heading'), 'Told by token')
  await shows(page.locator('.pane.chats'), 'Chat 1')
  assert.ok(page.url().endsWith(hidden))
})

// Applications: make, read, rename, copy the token, delete; what is refused is said beside the field.
import { assert, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { API, ask, newChat } from './helpers/data.mjs'

await scenario(async (page) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(page)
  const pane = page.locator('.pane.applications')
  const dialog = page.getByRole('dialog')

  await pane.getByRole('button', { name: 'New application' }).click()
  assert.equal(await dialog.getByLabel('Name').evaluate((field) => field === document.activeElement), true)
  await dialog.getByLabel('Name').fill('   ')
  await page.keyboard.press('Enter')
  await shows(dialog.getByRole('alert'), 'name must not be blank')
  assert.equal(await dialog.getByLabel('Name').getAttribute('aria-invalid'), 'true')
  await dialog.getByLabel('Name').fill('Anchor <b>Desk</b>')
  await page.keyboard.press('Enter')
  await gone(dialog)
  await shows(page.locator('#chats-heading'), 'Anchor <b>Desk</b>')
  const token = /applications\/([0-9a-f]{32})$/.exec(page.url())[1]

  await page.getByRole('button', { name: 'Copy token' }).click()
  await shows(page.locator('.pane-actions'), 'Copied')
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token)

  await newChat(token)
  const row = pane.getByRole('link', { name: 'Anchor' })
  await shows(row, '1 chat', 25000)

  await page.getByRole('button', { name: 'Rename' }).click()
  await dialog.getByLabel('Name').fill('Anchor desk')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await gone(dialog)
  await shows(page.locator('#chats-heading'), 'Anchor desk')
  await shows(row, 'Anchor desk')
  assert.equal((await ask('GET', `${API}/applications/${token}`)).name, 'Anchor desk')

  // the keyboard goes through the list
  await row.focus()
  await page.keyboard.press('Home')
  assert.equal(await pane.locator('[data-item]').first().evaluate((link) => link === document.activeElement), true)

  // a reload keeps the place
  await page.reload()
  await shows(page.locator('#chats-heading'), 'Anchor desk')

  await page.getByRole('button', { name: 'Delete application' }).click()
  await page.keyboard.press('Escape')
  await gone(dialog)
  await page.getByRole('button', { name: 'Delete application' }).click()
  await dialog.getByRole('button', { name: 'Delete application' }).click()
  await gone(dialog)
  await gone(row)
  await assert.rejects(ask('GET', `${API}/applications/${token}`), /404/)
  assert.ok(page.url().endsWith('#/'))

  // who opens its link later is told
  await open(page, `#/applications/${token}`)
  await shows(page.locator('.pane.chats'), 'does not exist')
})

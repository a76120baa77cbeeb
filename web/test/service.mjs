// The service switch: new chats and messages go through the one that was chosen, also tomorrow.
import { assert, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { API, newApplication, WRITER } from './helpers/data.mjs'

const token = await newApplication('Services')

await scenario(async (page) => {
  const posts = []
  page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()))
  const box = page.locator('.composer textarea')

  await open(page, `#/applications/${token}`)
  await page.getByLabel('Fast writer').check()
  await page.locator('.pane.chats .pane-head').getByRole('button', { name: 'New chat' }).click()
  await shows(page.locator('.composer-hint'), 'Through the fast writer')
  await box.fill('fast')
  await page.keyboard.press('Enter')
  await shows(page.locator('article[data-number="1"]'), 'fast')
  assert.equal(posts.length, 2)
  assert.ok(posts.every((url) => url.startsWith(WRITER)), posts.join())

  await page.reload()
  assert.equal(await page.getByLabel('Fast writer').isChecked(), true)
  await page.getByLabel('Full API').check()
  await box.fill('full')
  await page.keyboard.press('Enter')
  await shows(page.locator('article[data-number="2"]'), 'full')
  assert.ok(posts.at(-1).startsWith(API))
})

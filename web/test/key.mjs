// A server with an admin key (the caller set "open-sesame"): asked for, tried, kept for this tab only.
import { assert, gone, scenario, shows } from './helpers/check.mjs'
import { newPage, open } from './helpers/browser.mjs'
import { API, newChat } from './helpers/data.mjs'

const answer = await fetch(`${API}/applications`, {
  method: 'POST',
  headers: { Authorization: 'Bearer open-sesame', 'Content-Type': 'application/json' },
  body: JSON.stringify({ name: 'Behind the key' }),
})
const { token } = await answer.json()
await newChat(token)

await scenario(async (page, browser) => {
  await open(page)
  const prompt = page.locator('.key-prompt')
  await shows(prompt, 'asks for its admin key')
  await prompt.getByLabel('Admin key').fill('wrong')
  await page.keyboard.press('Enter')
  await shows(prompt.getByRole('alert'), 'did not accept')
  await prompt.getByLabel('Admin key').fill('open-sesame')
  await page.keyboard.press('Enter')
  await shows(page.locator('.pane.applications'), 'Behind the key')
  await gone(prompt)
  await page.reload()
  await shows(page.locator('.pane.applications'), 'Behind the key')
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('sesame')), false)

  // another tab knows nothing of it, but the token is enough for all below
  const other = await newPage(browser)
  await open(other, `#/applications/${token}`)
  await shows(other.locator('.key-prompt'), 'asks for its admin key')
  await shows(other.locator('.pane.chats'), 'Chat 1')
  await other.context().close()

  await page.getByRole('button', { name: 'Forget the admin key' }).click()
  await shows(prompt, 'asks for its admin key')
})

// Who reads further up is not moved by what comes, and is told how much did.
import { assert, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { fill, newApplication, newChat, say } from './helpers/data.mjs'

const token = await newApplication('Unread')
const chat = await newChat(token)
await fill(token, chat, 60, (n) => `line ${n}`)

await scenario(async (page) => {
  await open(page, `#/applications/${token}/chats/${chat}`)
  await shows(page.locator('article[data-number="60"]'), 'line')
  await page.locator('.scroller').hover()
  await page.mouse.wheel(0, -1500)
  const button = page.locator('.to-end')
  await shows(button, 'Latest messages')
  const top = () => page.locator('.scroller').evaluate((scroller) => scroller.scrollTop)
  await page.waitForTimeout(300)
  const before = await top()

  await say(token, chat, 'first news')
  await shows(button, '1 new message')
  await say(token, chat, 'second news')
  await shows(button, '2 new messages')
  assert.equal(await top(), before)

  await button.click()
  await shows(page.locator('article[data-number="62"]'), 'second news')
  await gone(button)
})

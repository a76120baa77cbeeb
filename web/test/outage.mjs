// Redis goes and comes back, the network too: it is said what works, and no word is lost.
import { assert, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { fill, newApplication, newChat } from './helpers/data.mjs'
import { stack } from './helpers/stack.mjs'

const token = await newApplication('Outage')
const chat = await newChat(token)
await fill(token, chat, 3, (n) => `before ${n}`)

await scenario(async (page) => {
  const box = page.locator('.composer textarea')
  const row = (number) => page.locator(`article[data-number="${number}"]`)
  const failed = page.locator('article[data-state=failed]')
  await open(page, `#/applications/${token}/chats/${chat}`)
  await shows(row(3), 'before')

  stack('stop', 'redis')
  try {
    await shows(page.locator('.banner'), 'Redis is down', 30000)
    await box.fill('written during the outage')
    await page.keyboard.press('Enter')
    await shows(failed, 'written during the outage')
    await shows(failed, 'not sent')
    await page.reload()
    await shows(failed, 'written during the outage')
    await shows(row(3), 'before')
    await page.getByRole('link', { name: 'Status' }).click()
    await shows(page.locator('[data-part=redis]'), 'Down')
    await shows(page.locator('.works li').nth(1), 'not now')
  } finally {
    stack('start', 'redis')
  }
  await shows(page.locator('[data-part=redis]'), 'In order', 30000)
  await page.getByRole('link', { name: 'Chats' }).click()
  await failed.getByRole('button', { name: 'Send again' }).click()
  await shows(row(4), 'written during the outage', 30000)
  await gone(failed)
  await gone(page.locator('.banner[data-trouble]'))

  await page.context().setOffline(true)
  await shows(page.locator('.banner'), 'You are offline')
  await box.fill('written on a train')
  await page.keyboard.press('Enter')
  await shows(failed, 'written on a train')
  await page.context().setOffline(false)
  await failed.getByRole('button', { name: 'Edit' }).click()
  assert.equal(await box.inputValue(), 'written on a train')
  await page.keyboard.press('Enter')
  await shows(row(5), 'written on a train', 30000)
})

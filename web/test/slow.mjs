// A service that takes its time: it is said, nothing is lost, and one may go on writing.
import { assert, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { newApplication, newChat } from './helpers/data.mjs'
import { stack } from './helpers/stack.mjs'

const token = await newApplication('Slow')
const chat = await newChat(token)

await scenario(async (page) => {
  await open(page, `#/applications/${token}/chats/${chat}`)
  await page.getByLabel('Fast writer').check()
  const box = page.locator('.composer textarea')
  const sending = page.locator('article[data-state=sending]')
  stack('signal_all', 'writer', 'STOP')
  try {
    await box.fill('are you there?')
    await page.keyboard.press('Enter')
    await shows(sending, 'sending…')
    await shows(sending, 'takes its time', 10000)
    assert.equal(await box.inputValue(), '')
    await box.fill('the next one')
  } finally {
    stack('signal_all', 'writer', 'CONT')
  }
  await shows(page.locator('article[data-number="1"]'), 'are you there?')
  await gone(sending)
  assert.equal(await box.inputValue(), 'the next one')
})

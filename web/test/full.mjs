// The queue is full (the caller set PARLEY_QUEUE_LIMIT=5): what was written stays, with the server's words, until
// there is room again.
import { assert, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { fill, newApplication, newChat, say } from './helpers/data.mjs'
import { workers } from './helpers/stack.mjs'

const token = await newApplication('Full')
const chat = await newChat(token)
await fill(token, chat, 1, () => 'before')

await scenario(async (page) => {
  const failed = page.locator('article[data-state=failed]')
  await open(page, `#/applications/${token}/chats/${chat}`)
  await shows(page.locator('article[data-number="1"]'), 'before')
  workers('STOP')
  try {
    let refused = false
    for (let n = 0; n < 20 && !refused; n++) await say(token, chat, `filling ${n}`).catch(() => (refused = true))
    assert.ok(refused)
    await page.locator('.composer textarea').fill('one too many')
    await page.keyboard.press('Enter')
    await shows(failed, 'one too many')
    await shows(failed, /queue|waiting/)
  } finally {
    workers('CONT')
  }
  await shows(page.locator('article[data-number="2"]'), 'filling', 30000)
  await failed.getByRole('button', { name: 'Send again' }).click()
  await gone(failed)
  await shows(page.locator('article').last(), 'one too many')
})

// The page under another name, HOST, that the API does not know (ALLOWED: that it was told since).
import { assert, gone, scenario, shows } from './helpers/check.mjs'
import { newApplication, newChat } from './helpers/data.mjs'

const token = await newApplication('By another name')
await newChat(token)
const address = `http://${process.env.HOST}:${process.env.WEB_PORT}`

await scenario(async (page) => {
  await page.goto(`${address}/#/applications/${token}/chats/1`)
  if (!process.env.ALLOWED) {
    await shows(page.locator('.banner'), `does not allow pages of ${address}`)
    return
  }
  await shows(page.locator('#chats-heading'), 'By another name')
  await gone(page.locator('.banner'))
  await page.getByLabel('Fast writer').check()
  await page.locator('.composer textarea').fill('hello from there')
  await page.keyboard.press('Enter')
  await shows(page.locator('article[data-number="1"]'), 'hello from there')
  assert.equal(new URL(page.url()).hostname, process.env.HOST)
})

// Where Elasticsearch searches, the page says so; while it is away MySQL answers, and the page says that.
import { scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { fill, newApplication, newChat } from './helpers/data.mjs'
import { stack } from './helpers/stack.mjs'

const token = await newApplication('Elastic')
const chat = await newChat(token)
await fill(token, chat, 20, (n) => `needle number ${n}`)

await scenario(async (page) => {
  const summary = page.locator('.search-summary')
  const box = page.locator('.search').getByRole('searchbox')
  await open(page, `#/applications/${token}/chats/${chat}?q=needle`)
  await shows(summary, '20 hits · answered by Elasticsearch · whole chat')

  stack('signal', 'elasticsearch', 'STOP')
  try {
    await shows(page.locator('.banner'), 'Elasticsearch is down. Searches are answered by MySQL.', 30000)
    await box.fill('needle number')
    await shows(summary, '20 hits · answered by MySQL · whole chat')
    await page.getByRole('link', { name: 'Status' }).click()
    await shows(page.locator('[data-part=elasticsearch]'), 'Down')
  } finally {
    stack('signal', 'elasticsearch', 'CONT')
  }
  await shows(page.locator('[data-part=elasticsearch]'), 'In order', 30000)
})

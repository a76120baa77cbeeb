// A chat (TOKEN, its first) too long for the time that a search may take: the page says that it is not the whole.
import { scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'

await scenario(async (page) => {
  await open(page, `#/applications/${process.env.TOKEN}/chats/1?q=nothing+like+this`)
  await shows(page.locator('.search-summary'), 'Only the newest part of this chat could be searched')
})

// Search within a chat: as one types, highlighted, and a click shows the message in its place.
import { assert, counts, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { API, ask, fill, newApplication, newChat } from './helpers/data.mjs'

const token = await newApplication('Search')
const chat = await newChat(token)
await fill(token, chat, 600, (n) => (n === 20 ? 'a <b>needle</b> & "more" in the hay' : `hay, straw number ${n}`))
// (several send at the same time: who gets which number is open)
const [{ number }] = await ask('GET', `${API}/applications/${token}/chats/${chat}/messages/search?q=needle`)

await scenario(async (page) => {
  await open(page, `#/applications/${token}/chats/${chat}`)
  await shows(page.locator('article[data-number="600"]'), 'straw')
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  const panel = page.locator('.search')
  await page.keyboard.type('needl')
  await counts(panel.locator('[data-item]'), 1)
  await shows(panel.locator('.hit'), 'a <b>needle</b> & "more" in the hay')
  await shows(panel.locator('mark'), 'needl')
  await shows(panel.locator('.search-summary'), /1 hit · answered by MySQL · whole chat/)
  assert.match(page.url(), /\?q=needl$/)

  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const message = page.locator(`article[data-number="${number}"]`)
  await shows(message, 'needle')
  assert.equal(await message.getAttribute('data-chosen'), 'true')
  await page.waitForFunction(() => {
    const { top, bottom } = document.querySelector('article[data-chosen]').getBoundingClientRect()
    return top > 100 && bottom < innerHeight - 100
  })
  await gone(page.locator('article[data-number="600"]'))

  // from there to the end again
  await page.getByRole('button', { name: 'Latest messages' }).click()
  await shows(page.locator('article[data-number="600"]'), 'straw')

  await panel.getByRole('searchbox').fill('nothing like this')
  await shows(panel, 'Nothing found')
  await panel.getByRole('searchbox').press('Escape')
  await gone(panel)

  // on a phone the search has the screen to itself until a hit is chosen
  await page.setViewportSize({ width: 360, height: 740 })
  await open(page, `#/applications/${token}/chats/${chat}?q=needle`)
  await panel.locator('[data-item]').first().click()
  await gone(panel)
  await shows(page.locator('article[data-chosen]'), 'needle')
  await page.goBack()
  await counts(panel.locator('[data-item]'), 1)
})

// From the narrowest phone to a wide screen, nothing sticks out of the page, whatever names and texts are like.
import { assert, scenario } from './helpers/check.mjs'
import { open, overflows } from './helpers/browser.mjs'
import { newApplication, newChat, say } from './helpers/data.mjs'

const token = await newApplication('W'.repeat(200))
const chat = await newChat(token)
await say(token, chat, 'w'.repeat(500) + ' ' + 'Donaudampfschifffahrtsgesellschaft '.repeat(20))
await say(token, chat, 'https://example.com/' + 'path/'.repeat(60))

await scenario(async (page) => {
  for (const hash of ['#/', `#/applications/${token}`, `#/applications/${token}/chats/${chat}`,
    `#/applications/${token}/chats/${chat}?q=path`, '#/performance', '#/status']) {
    await open(page, hash)
    for (const width of [360, 414, 600, 719, 720, 900, 1079, 1080, 1359, 1360, 1920]) {
      await page.setViewportSize({ width, height: 740 })
      await page.waitForTimeout(60)
      assert.equal(await overflows(page), false, `${hash} at ${width}`)
      // what scrolls up and down does not also scroll sideways
      const sideways = await page.evaluate(() => [...document.querySelectorAll('.page, .pane-body, .scroller, .main, .panes')]
        .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.className))
      assert.deepEqual(sideways, [], `${hash} at ${width}`)
    }
  }
})

// MySQL goes and comes back: messages are accepted meanwhile, what was read stays in view, what works is said.
import { gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { fill, newApplication, newChat } from './helpers/data.mjs'
import { stack } from './helpers/stack.mjs'

const token = await newApplication('MySQL')
const chat = await newChat(token)
await fill(token, chat, 2, (n) => `before ${n}`)

await scenario(async (page) => {
  const queued = page.locator('article[data-state=queued]')
  const able = (n) => page.locator('.works li').nth(n)
  await open(page, `#/applications/${token}/chats/${chat}`)
  await shows(page.locator('article[data-number="2"]'), 'before')

  stack('stop', 'mariadb')
  try {
    await shows(page.locator('.banner'), 'MySQL is down', 30000)
    await page.locator('.composer textarea').fill('written meanwhile')
    await page.keyboard.press('Enter')
    await shows(queued, 'written meanwhile')
    await shows(queued, '#3')
    await shows(page.locator('article[data-number="2"]'), 'before')
    await page.getByRole('link', { name: 'Status' }).click()
    await shows(page.locator('[data-part=mysql]'), 'Down')
    await shows(page.locator('[data-part=redis]'), 'In order')
    await shows(able(0), 'not now')
    await shows(able(1), 'accepted, stored later')
    await page.getByRole('link', { name: 'Chats' }).click()
  } finally {
    stack('start', 'mariadb')
  }
  await shows(page.locator('article[data-number="3"]'), 'written meanwhile', 60000)
  await gone(queued)
  await gone(page.locator('.banner[data-trouble]'))
})

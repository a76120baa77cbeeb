// The colours: as the system has them, until the button chooses others, also tomorrow.
import { assert, scenario } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'

const isDark = (page) => page.evaluate(() => {
  const [red] = getComputedStyle(document.body).backgroundColor.match(/\d+/g)
  return Number(red) < 128
})

await scenario(async (page) => {
  await open(page)
  const button = (now) => page.getByRole('button', { name: `Colours: ${now}` })
  await button('as the system').waitFor()
  assert.equal(await isDark(page), false)
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.equal(await isDark(page), true)

  await button('as the system').click()
  await button('light').waitFor()
  assert.equal(await isDark(page), false)
  await page.emulateMedia({ colorScheme: 'light' })
  await button('light').click()
  await button('dark').waitFor()
  assert.equal(await isDark(page), true)
  await page.reload()
  await button('dark').waitFor()
  assert.equal(await isDark(page), true)
  await button('dark').click()
  await button('as the system').waitFor()
  assert.equal(await isDark(page), false)
})

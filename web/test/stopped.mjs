// A comparison run that is stopped half-way says how far it came, and the other service's does not begin.
import { assert, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'

await scenario(async (page) => {
  await open(page, '#/performance')
  const run = (service) => page.locator(`[data-run=${service}]`)
  await page.locator('select[name=count]').selectOption('5000')
  await page.locator('select[name=concurrency]').selectOption('2')
  await page.getByRole('button', { name: 'Run both' }).click()
  await page.waitForFunction(() => document.querySelector('[data-run=api] progress').value > 20)
  await run('api').getByRole('button', { name: 'Stop' }).click()
  await page.locator('[data-run=api][data-state=stopped]').waitFor()
  await shows(run('api'), 'Stopped')
  await page.waitForTimeout(500)
  const sent = () => run('api').locator('progress').evaluate((bar) => bar.value)
  const before = await sent()
  assert.ok(before < 5000)
  assert.equal(await run('writer').getAttribute('data-state'), 'idle')

  // one service alone
  await page.locator('select[name=count]').selectOption('100')
  await page.getByRole('button', { name: 'Send through the fast writer' }).click()
  await page.locator('[data-run=writer][data-state=done]').waitFor()
  await shows(run('writer'), '100 of 100')
  assert.equal(await sent(), before)

  // its chat is a click away
  await run('writer').getByRole('link', { name: 'Open chat' }).click()
  await shows(page.locator('article[data-number="100"]'), 'of 100', 30000)
})

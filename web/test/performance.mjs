// The comparison run, its figures, its chart, and what can be taken away from it.
import { readFileSync } from 'node:fs'
import { assert, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'

await scenario(async (page) => {
  await open(page, '#/performance')
  await page.getByRole('button', { name: 'Run both' }).click()
  await shows(page.locator('[data-run=api]'), 'Running')
  for (const service of ['api', 'writer']) {
    await page.locator(`[data-run=${service}][data-state=done]`).waitFor({ timeout: 120000 })
    await shows(page.locator(`[data-run=${service}]`), '1,000 of 1,000')
    assert.equal(await page.locator(`[data-run=${service}] progress`).evaluate((bar) => bar.value / bar.max), 1)
  }
  await shows(page.locator('.verdict'), 'requests per second')
  // the table is painted twice a second, and shows the last minute unless all is asked for
  await page.locator('select[name=span]').selectOption('0')
  const cells = (service) => page.locator(`tr[data-service=${service}] td`)
  for (const service of ['api', 'writer']) {
    await shows(cells(service).first(), '1,001')
    const [requests, rate, p50, p95, p99, errors] = await cells(service).allTextContents()
    assert.equal(requests, '1,001')
    assert.ok(Number(rate) > 0)
    assert.ok(Number(p50) > 0 && Number(p50) <= Number(p95) && Number(p95) <= Number(p99))
    assert.equal(errors, '0')
  }
  // each request is a point: the canvas holds both colours
  assert.ok(await page.locator('.chart canvas').evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let blue = 0
    let orange = 0
    for (let n = 0; n < data.length; n += 4) {
      if (data[n + 3] < 100) continue
      if (data[n + 2] > data[n] + 80) blue++
      if (data[n] > data[n + 2] + 80) orange++
    }
    return blue > 100 && orange > 100
  }))

  const taken = async (name) => {
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name }).click()
    return readFileSync(await (await download).path())
  }
  const lines = (await taken('Export CSV')).toString().trim().split('\r\n')
  assert.equal(lines[0], 'ended_at,service,method,route,status,ms')
  assert.equal(lines.length, 2003)
  assert.doesNotMatch(lines.join(), /[0-9a-f]{32}/)
  assert.deepEqual([...(await taken('Export PNG')).subarray(1, 4)], [...Buffer.from('PNG')])

  await page.getByRole('button', { name: 'Clear' }).click()
  await shows(page.locator('[data-run=api]'), 'Not run yet')
  await page.waitForFunction(() => document.querySelector('tr[data-service=api] td').textContent === '0')
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { routeOf, timingsCsv, type Timing } from '../../src/api/timings'
import { figuresOf, percentile } from '../../src/state/figures'

const timing = (ms: number, at: number, status = 201): Timing =>
  ({ at, ms, status, service: 'api', method: 'POST', route: '/applications/:token/chats' })

test('percentiles are of the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => n + 1)
  assert.deepEqual([50, 95, 99].map((p) => percentile(hundred, p)), [50, 95, 99])
  assert.equal(percentile([7], 99), 7)
  assert.equal(percentile([], 50), undefined)
})

test('errors count as requests and have no part in the percentiles', () => {
  const figures = figuresOf([timing(10, 1000), timing(9000, 1500, 503), timing(20, 2000)], 2)
  assert.deepEqual(figures, { count: 3, errors: 1, perS: 1.5, p50: 10, p95: 20, p99: 20 })
})

test('routes and exports hold no token', () => {
  const token = '0123456789abcdef0123456789abcdef'
  assert.equal(routeOf(`/applications/${token}/chats/12/messages/3?x=1`), '/applications/:token/chats/:number/messages/:number')
  assert.equal(routeOf(`/applications?after=${token}`), '/applications')
  assert.equal(timingsCsv([timing(1.234, 0)]).split('\r\n')[1],
    '1970-01-01T00:00:00.000Z,api,POST,/applications/:token/chats,201,1.23')
})

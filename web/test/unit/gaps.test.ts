import assert from 'node:assert/strict'
import test from 'node:test'
import { Gaps } from '../../src/state/gaps'

test('without a gap, asking goes on behind the last one', () => {
  const gaps = new Gaps(1000)
  gaps.seen([1, 2, 3], 0, 0)
  assert.equal(gaps.from(3, 0), 3)
})

test('a number that is missing is asked for again until it comes', () => {
  const gaps = new Gaps(1000)
  gaps.seen([41, 43], 40, 0)
  assert.equal(gaps.from(43, 500), 41)
  gaps.seen([42, 43], 41, 500)
  assert.equal(gaps.from(43, 500), 43)
})

test('what does not come for long was deleted', () => {
  const gaps = new Gaps(1000)
  gaps.seen([43], 40, 0)
  assert.equal(gaps.from(43, 999), 40)
  gaps.seen([43], 40, 999)
  assert.equal(gaps.from(43, 1000), 43)
})

test('a gap of millions costs no more than its end', () => {
  const gaps = new Gaps(1000)
  gaps.seen([4294967295], 0, 0)
  assert.equal(gaps.from(4294967295, 1), 4294967295 - 501)
})

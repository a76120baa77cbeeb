import assert from 'node:assert/strict'
import test from 'node:test'
import { excerpt, highlightParts } from '../../src/api/highlight'

const texts = (html: string) => highlightParts(html).map(({ text, hit }) => (hit ? `[${text}]` : text)).join('')

test('em and the five entities are read, nothing else is', () => {
  const cases: [string, string][] = [
    ['', ''],
    ['plain', 'plain'],
    ['H<em>ell</em>o &lt;you&gt;', 'H[ell]o <you>'],
    ['&amp;lt; &quot;&#39;', '&lt; "\''],
    ['&amp;&lt;em&gt;', '&<em>'],
    ['<em>&lt;script&gt;</em>', '[<script>]'],
    ['<script>x</script>', '<script>x</script>'],
    ['<em class=x>x</em>', '<em class=x>x'],
    ['&nbsp;&#60;&copy;', '&nbsp;&#60;&copy;'],
    ['<em>a</em><em>b</em>', '[a][b]'],
    ['<em>open', '[open]'],
  ]
  for (const [html, wanted] of cases) assert.equal(texts(html), wanted, html)
})

test('an excerpt begins near the first hit, and cuts no character in two', () => {
  const pieces = [{ text: '👍'.repeat(500), hit: false }, { text: 'hit', hit: true }, { text: ' tail'.repeat(100), hit: false }]
  const short = excerpt(pieces, 90)
  assert.ok(short.some(({ text, hit }) => hit && text === 'hit'))
  const all = short.map(({ text }) => text).join('')
  assert.ok(all.length < 160)
  assert.equal(all.isWellFormed?.() ?? true, true)
})

test('a short text is its own excerpt', () => {
  const pieces = highlightParts('one <em>two</em> three')
  assert.deepEqual(excerpt(pieces, 240), pieces)
})

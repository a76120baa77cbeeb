import assert from 'node:assert/strict'
import test from 'node:test'
import { baseOf } from '../../src/api/config'

const page = { protocol: 'https:', hostname: 'chat.example.com', origin: 'https://chat.example.com:8443' }

test('a service is at a port of the page’s host, a path of its origin, or somewhere else', () => {
  assert.equal(baseOf(':3000', page), 'https://chat.example.com:3000')
  assert.equal(baseOf('/api/', page), 'https://chat.example.com:8443/api')
  assert.equal(baseOf('/', page), 'https://chat.example.com:8443')
  assert.equal(baseOf('https://api.example.com/', page), 'https://api.example.com')
})

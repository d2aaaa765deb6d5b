import { expect, it } from 'vitest'
import { withoutPlaces } from '../../../src/core/public-text.js'

it.each([
  [
    "'/opt/venv/bin/python -m aiges.serve' cannot be run: spawn /opt/venv/bin/python ENOENT",
    "'python -m aiges.serve' cannot be run: spawn python ENOENT",
  ],
  [
    "importing wrapper raised NameError: name 'x' is not defined (/srv/models/a/wrapper.py:5)",
    "importing wrapper raised NameError: name 'x' is not defined (wrapper.py:5)",
  ],
  ['no wrapper.py found; looked in /srv/a, /srv/b/', 'no wrapper.py found; looked in a, b/'],
  ['connect ENOENT unix:/tmp/aiservice-x1/plugin.sock', 'connect ENOENT unix:plugin.sock'],
  ['connect ECONNREFUSED 127.0.0.1:45001', 'connect ECONNREFUSED …'],
  ['connect ECONNREFUSED ::1:45001, [fe80::1]:80', 'connect ECONNREFUSED …, …'],
  ['at 12:34:56 it threw std::bad_alloc', 'at 12:34:56 it threw std::bad_alloc'],
  [
    'port 50055 is also listened on by process 123 (python -m x); end it',
    'port 50055 is also listened on by another process; end it',
  ],
  ['Error: it broke\n    at Object.<anonymous> (/srv/app/a.js:1:2)', 'Error: it broke'],
  [
    'wrapperInit returned 17: licence a/b of 1.2.3 has ended',
    'wrapperInit returned 17: licence a/b of 1.2.3 has ended',
  ],
])('of %j anybody may see %j', (text, expected) => {
  expect(withoutPlaces(text)).toBe(expected)
})

// Opens sessions over WebSocket and leaves them idle until it is killed. Prints one line of JSON when all are open; ends
// with an error when one fails or ends. (Node itself raises the limit of open files as far as it may.)
import { openSession } from './clients/web-socket.mjs'

/** Connections that are being made at the same time: fewer than the queue of a listening socket holds. */
const AT_ONCE = 100

const { http, sessions } = JSON.parse(process.argv[2])
let left = sessions

async function openMany() {
  while (left > 0) {
    left -= 1
    await new Promise((resolve, reject) => {
      const fail = error => {
        console.error(error.message)
        process.exit(1)
      }
      openSession(http, { onResult: resolve, onFailure: fail }).then(session => session.send(), reject)
    })
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, openMany))
console.log(JSON.stringify({ open: sessions }))

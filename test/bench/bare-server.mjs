// The least that any HTTP service must do: parse the body and answer. What the daemon's numbers are compared with.
import Fastify from 'fastify'

const app = Fastify()
app.post('/v1/svcName', async request => ({ header: { code: 0 }, payload: Object.keys(request.body.payload) }))
await app.listen({ host: '127.0.0.1', port: 0 })
console.log(JSON.stringify({ port: app.server.address().port }))

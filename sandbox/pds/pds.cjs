/* A real Bluesky PDS (https://github.com/bluesky-social/atproto/tree/main/packages/pds) on loopback, with a directory
   of identities of its own; no app view and no relay, so nothing leaves this machine.

     NODE_PATH=.sandbox/pds/node_modules node sandbox/pds/pds.cjs '{"folder": "...", "publicUrl": "http://..."}'

   folder      keeps accounts, records and identities
   publicUrl   how clients reach it: the address that the identity documents give
   rateLimits  true: count requests as the real ones do

   Prints its address as one line of JSON, and ends when its standard input does: it never outlives who started it.
   Its keys are published: they must never leave loopback. */

'use strict'

const crypto = require('node:crypto')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')

// Both servers listen on a port alone, which means on every interface: here it means loopback.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, { port, host: '127.0.0.1' }, ...rest)
}

const plc = require('@did-plc/server')
const { PDS, envToCfg, envToSecrets } = require('@atproto/pds')

const key = (name) => crypto.createHash('sha256').update(`smbot sandbox ${name}`).digest('hex')
const addressOf = (server) => `http://127.0.0.1:${server.address().port}`

/* The directory's database in memory, which writes down each operation and repeats them when it starts again. */
async function directory(file) {
  const database = plc.Database.mock()
  const kept = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : []
  for (const line of kept) await database.validateAndAddOp(...JSON.parse(line))
  const add = database.validateAndAddOp.bind(database)
  database.validateAndAddOp = async (did, operation) => {
    await add(did, operation)
    fs.appendFileSync(file, JSON.stringify([did, operation]) + '\n')
  }
  return plc.PlcServer.create({ db: database, port: 0 })
}

/* Accounts that were made when the server had another address move to where it is now. */
async function move({ ctx }, dids, publicUrl) {
  for (const did of dids) {
    const { services } = await ctx.plcClient.getDocumentData(did)
    if (services.atproto_pds.endpoint === publicUrl) continue
    await ctx.plcClient.updatePds(did, ctx.plcRotationKey, publicUrl)
    await ctx.idResolver.did.resolve(did, true)
  }
}

function settings({ folder, rateLimits = false }, didPlcUrl) {
  const nowhere = { bskyAppViewUrl: 'http://127.0.0.1:9', bskyAppViewDid: 'did:example:nobody' }
  return {
    ...nowhere,
    modServiceUrl: nowhere.bskyAppViewUrl,
    modServiceDid: nowhere.bskyAppViewDid,
    devMode: true,
    hostname: 'localhost',
    port: 0,
    didPlcUrl,
    dataDirectory: folder,
    blobstoreDiskLocation: path.join(folder, 'blobs'),
    jwtSecret: key('tokens'),
    adminPassword: key('admin'),
    plcRotationKeyK256PrivateKeyHex: key('identities'),
    serviceHandleDomains: ['.test'],
    inviteRequired: false,
    disableSsrfProtection: true,
    enableDidDocWithSession: true,
    rateLimitsEnabled: rateLimits,
  }
}

async function main(options) {
  fs.mkdirSync(options.folder, { recursive: true })
  const identities = await directory(path.join(options.folder, 'identities.jsonl'))
  const environment = settings(options, addressOf(await identities.start()))
  const config = envToCfg(environment)
  if (options.publicUrl) config.service.publicUrl = options.publicUrl
  const pds = await PDS.create(config, envToSecrets(environment))
  const url = addressOf(await pds.start())
  await move(pds, Object.keys(identities.ctx.db.contents), config.service.publicUrl)
  const end = () => process.exit(0)
  process.stdin.on('end', end).on('error', end).resume()
  process.on('SIGTERM', end)
  process.stdout.write(JSON.stringify({ url }) + '\n')
}

main(JSON.parse(process.argv[2])).catch((error) => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})

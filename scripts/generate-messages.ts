/**
 * Writes src/wire/messages.ts (an interface for every message of proto/stockbazaar.proto) and src/wire/methods.ts (request and
 * response of every call). Run it after each change to the .proto: `npm run generate`. With --check it only
 * tells whether the files are up to date.
 */
import { writeFileSync } from 'node:fs'
import protobuf from 'protobufjs'

const SCALARS: Record<string, string> = { string: 'string', bool: 'boolean', int32: 'number', int64: 'number', float: 'number' }
const HEADER = '// Generated from proto/stockbazaar.proto by `npm run generate`; do not edit.\n'

/** Returns the texts of the two generated files, by path. */
export function generate(): Record<string, string> {
  const root = protobuf.loadSync(new URL('../proto/stockbazaar.proto', import.meta.url).pathname)
  const messages = root.nestedArray.filter((item) => item instanceof protobuf.Type)
  const services = root.nestedArray.filter((item) => item instanceof protobuf.Service)
  return {
    'src/wire/messages.ts': HEADER + messages.map(interfaceOf).join(''),
    'src/wire/methods.ts': HEADER + methodsOf(services),
  }
}

const className = (name: string) => name[0]!.toUpperCase() + name.slice(1)

function interfaceOf(type: protobuf.Type): string {
  const fields = type.fieldsArray.map((field) => {
    const scalar = SCALARS[field.type]
    const name = scalar ?? className(field.type)
    if (field.repeated) return `  ${field.name}: readonly ${name}[]`
    return scalar ? `  ${field.name}: ${name}` : `  ${field.name}?: ${name} | null`
  })
  return `\nexport interface ${className(type.name)} {${fields.length ? `\n${fields.join('\n')}\n` : ''}}\n`
}

function methodsOf(services: readonly protobuf.Service[]): string {
  const used = new Set<string>()
  const table = (title: string, wanted: (method: protobuf.Method) => boolean) => {
    const rows = services.flatMap((service) =>
      service.methodsArray.filter(wanted).map((method) => {
        const [request, response] = [className(method.requestType), className(method.responseType)]
        used.add(request).add(response)
        return `  '${service.name}.${method.name}': { request: ${request}; response: ${response} }`
      }),
    )
    return `\nexport interface ${title} {\n${rows.join('\n')}\n}\n`
  }
  const tables =
    table('UnaryMethods', (m) => !m.requestStream && !m.responseStream) +
    table('ServerStreamMethods', (m) => !m.requestStream && !!m.responseStream) +
    table('StreamMethods', (m) => !!m.requestStream && !!m.responseStream)
  return `import type {\n${[...used]
    .sort()
    .map((name) => `  ${name},\n`)
    .join('')}} from './messages.ts'\n${tables}`
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(generate())) writeFileSync(new URL(`../${path}`, import.meta.url), text)
}

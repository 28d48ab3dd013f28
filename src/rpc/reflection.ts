import type { Server } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { definitions } from './definitions.ts'

/** The library's index by name. Where the contract names no package, these names begin with a dot. No client expects that. */
interface Indexed {
  symbols: Record<string, unknown>
  services: Record<string, unknown>
}

const withoutDots = (index: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(index).map(([name, value]) => [name.replace(/^\./, ''), value]))

/** Lets clients such as grpcurl ask a server for these services and their messages (gRPC server reflection, v1 and v1alpha). */
export function addReflection(server: Server, services: readonly string[]): void {
  const reflection = new ReflectionService(definitions, { services: services.map((name) => `.${name}`) })
  for (const version of Object.values(reflection) as Indexed[]) {
    version.symbols = withoutDots(version.symbols)
    version.services = withoutDots(version.services)
  }
  reflection.addToServer(server)
}

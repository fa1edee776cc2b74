import System

/// Why a sweep cannot go on, in one line: where, what, and what to do about it.
package struct SweepError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
  package init(_ error: SystemError) { self.init(error.description) }
}

/// What makes a text no CIF, with its line where one is to blame.
package struct CIFError: Error, Sendable, Equatable {
  package let line: Int?
  package let reason: String
}

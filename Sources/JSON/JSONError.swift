/// Why a text is not the JSON that was expected.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  package var reason: String
  package var offset: Int

  package init(reason: String, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  package var description: String { "\(reason) at byte \(offset)" }
}

/// Why a text is not the JSON that was expected.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  public var reason: String
  public var offset: Int

  public init(reason: String, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  public var description: String { "\(reason) at byte \(offset)" }
}

import Diffraction

/// A frame that was answered, kept to warm the models of a spare process.
struct Rehearsal: Sendable {
  struct Key: Hashable, Sendable {
    var engine: String
    var model: String?
  }

  static let limit = 8
  private static let bytes = 16 << 20

  let key: Key
  private let frame: Frame
  private let parameters: ParameterValues

  init?(_ call: AnalysisCall, _ finding: Finding) {
    guard case .frame(let frame) = call.subject, frame.pixels.byteCount <= Self.bytes else { return nil }
    key = Key(engine: call.engine, model: finding.model?.sha256)
    self.frame = frame
    parameters = call.parameters
  }

  func call(_ isNeeded: @escaping @Sendable () -> Bool) -> AnalysisCall {
    AnalysisCall(
      engine: key.engine, subject: .frame(frame), parameters: parameters,
      context: AnalysisContext(isCancelled: { !isNeeded() }))
  }
}

import Diffraction

/// The words between the session and the analysing process, over a channel of its own for each analysis.
enum AnalysisWire {
  /// What the analysing process says.
  enum Note {
    static let progress = 1, frames = 2, artifact = 3, finding = 4, failure = 5
  }

  /// What it is answered.
  enum Reply {
    static let frames = ReadingMain.Reply.frames, refusal = ReadingMain.Reply.refusal, written = 10
    static let failure = 11
  }
}

/// One analysis, as it is handed to the process that does it.
struct AnalysisCall {
  var engine: String
  var subject: Subject
  var parameters: ParameterValues
  var context: AnalysisContext

  func request() -> MessageWriter {
    var request = MessageWriter()
    request.put(engine)
    request.put(parameters)
    request.put(context.previous) { $0.put($1) }
    request.put(context.write != nil)
    switch subject {
    case .frame(let frame):
      request.put(0)
      request.put(frame)
    case .scan(let source):
      request.put(1)
      request.put(source.summary)
    }
    return request
  }

  /// For the report of an incident.
  var details: [String] {
    let settings = parameters.values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    let image: String
    switch subject {
    case .frame(let frame):
      image = "\(frame.pixels.width) x \(frame.pixels.height) \(frame.pixels.sample.rawValue)"
    case .scan(let source):
      let summary = source.summary
      image = "\(summary.frames) frames of \(summary.width) x \(summary.height) \(summary.sample.rawValue)"
    }
    return [context.file.map { "file: \($0)" }, "engine: \(engine)", "image: \(image)"].compactMap { $0 }
      + settings.map { "setting: \($0)" }
  }
}

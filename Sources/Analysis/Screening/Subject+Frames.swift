import Diffraction

extension Subject {
  /// Every frame of it in its order. Of a scan it is told how far it is, and it is left when nobody wants it any more.
  package func eachFrame(
    _ context: AnalysisContext, _ body: (Frame) throws(AnalysisError) -> Void
  ) throws(AnalysisError) {
    switch self {
    case .frame(let frame): try body(frame)
    case .scan(let source):
      let count = max(0, source.summary.frames)
      for index in 0..<count {
        if context.isCancelled() { throw .cancelled }
        let frame: Frame
        do throws(FileRefusal) { frame = try source.frame(at: index) } catch { throw .file(error) }
        try body(frame)
        context.progress(Double(index + 1) / Double(count))
      }
    }
  }
}

import Diffraction
import Glibc

/// Does what no engine may do, as the first pixel of a frame says, after as many milliseconds as the second
/// says: so that `doctor`, the tests and an operator
/// can see that it costs a frame its answer and nothing else. `--engine drill` names it; nothing else does.
struct DrillEngine: AnalysisEngine {
  let name = "drill"
  let label = "DRIL"
  let outputs = [Output(name: "sum", unit: "counts", symbol: "s", decimals: 0)]
  let parameters: [Parameter] = []

  enum Fault: Double {
    case none, trap, hang, hunger, exit, abort, recursion
  }

  func suitability(for file: FileSummary) -> Int { 0 }

  func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    var sum = 0.0
    switch subject {
    case .frame(let frame): sum = value(of: frame)
    case .scan(let source):
      for index in 0..<source.summary.frames {
        do throws(FileRefusal) {
          sum += value(of: try source.frame(at: index))
        } catch {
          throw .file(error)
        }
        context.progress(Double(index) / Double(source.summary.frames))
      }
    }
    return Finding(values: [Quantity("sum", sum, unit: "counts")])
  }

  private func value(of frame: Frame) -> Double {
    let values = frame.pixels.doubles()
    if values.count > 1 { usleep(UInt32(min(max(0, values[1]), 1000)) * 1000) }
    switch Fault(rawValue: values[0]) ?? .none {
    case .none: break
    case .trap: return values[values.count + Int(values[0])]
    case .hang: while true { usleep(1000) }
    case .hunger:
      var pieces: [[Double]] = []
      while true { pieces.append([Double](repeating: Double(pieces.count), count: 1 << 20)) }
    case .exit: Glibc.exit(9)
    case .abort: Glibc.abort()
    case .recursion: return deeper(values)
    }
    return values.reduce(0, +)
  }

  @inline(never)
  private func deeper(_ values: [Double]) -> Double {
    values.count < .max ? deeper(values + [1]) + values[0] : 0
  }
}

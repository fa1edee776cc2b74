import Analysis
import Diffraction
import Scattering

/// Frame scales and thickness of a tilt series of integrated intensities: a dynamical refinement in which scales run as
/// natural cubic splines over the frames.
package struct FrameScalingEngine: AnalysisEngine {
  package init() {}

  package let name = "frame-scaling"
  package let label = "3DED"

  package let outputs = [
    Output(name: "r_observed", unit: "%", symbol: "R", decimals: 2),
    Output(name: "r_left_out", unit: "%", symbol: "Rfree", decimals: 2),
    Output(name: "r_all", unit: "%", symbol: "Rall", decimals: 2),
    Output(name: "wr_all", unit: "%", symbol: "wR", decimals: 2),
    Output(name: "r_merged", unit: "%", symbol: "Rmrg", decimals: 2),
    Output(name: "r_frames", unit: "%", symbol: "Rfrm", decimals: 2),
    Output(name: "thickness", unit: "Å", symbol: "t", decimals: 0),
    Output(name: "spacing", unit: "1", symbol: "h", decimals: 1),
    Output(name: "nodes", unit: "1", symbol: "q", decimals: 0),
    Output(name: "parameters", unit: "1", symbol: "par", decimals: 0),
    Output(name: "frames", unit: "1", symbol: "n", decimals: 0),
    Output(name: "reflections", unit: "1", symbol: "refl", decimals: 0),
    Output(name: "measurements", unit: "1", symbol: "meas", decimals: 0),
    Output(name: "scale_uncertainty", unit: "%", symbol: "±s", decimals: 1),
    Output(name: "odd_frames", unit: "1", symbol: "odd", decimals: 0),
    Output(name: "absorption", unit: "%", symbol: "abs", decimals: 1),
    Output(name: "next_tilt", unit: "deg", symbol: "next", decimals: 0),
    Output(name: "hand_margin", unit: "%", symbol: "hand", decimals: 2),
    Output(name: "cell_mismatch", unit: "%", symbol: "cell", decimals: 2),
  ]
  package let parameters = ScalingSettings.all
  package let signal = Exhibit.Signal.numbers
  package let readsSeries = true
  /// A series that grows while it is refined.
  package let hurriedSettings = [ScalingSettings.depth.name: ScalingSettings.Depth.quick.rawValue]

  package func suitability(for file: FileSummary) -> Int { file.format == "PETS" ? 20 : 0 }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let task = try ScalingTask(parameters)
    var found: ZoneSeries?
    var frames = 0
    try subject.eachFrame(context) { frame throws(AnalysisError) in
      frames += 1
      if frames == 1 { found = ZoneSeries(frame.pixels) }
    }
    guard let series = found, frames == 1 else {
      return Finding(
        obstacle: Reason(
          .noSeries, "no series of zones: a .cif_pets file for a dynamical refinement is needed"))
    }
    let abandonment = Abandonment(context.isCancelled)
    do {
      let report = try task.report(
        series, isCancelled: { abandonment.isSaid }, progress: context.progress)
      var finding = report.finding()
      if let write = context.write {
        for artifact in report.artifacts() { finding.artifacts[artifact.role] = try write(artifact) }
      }
      return finding
    } catch let obstacle as ScalingObstacle {
      return Finding(obstacle: obstacle.reason)
    } catch let failure as ScalingProblem.Failure {
      return Finding(obstacle: Reason(.tooFew, failure.description))
    } catch let error as AnalysisError {
      throw error
    } catch is CancellationError {
      throw .cancelled
    } catch {
      throw .failed("\(error)")
    }
  }
}

/// What stands in the way of an answer, in a line.
struct ScalingObstacle: Error {
  let reason: Reason

  init(_ code: ReasonCode, _ text: String) { reason = Reason(code, text) }
}

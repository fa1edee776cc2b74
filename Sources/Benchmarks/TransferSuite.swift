import Glibc
import Learning
import PACBED
import Scattering
import System

/// What a network saves that starts from a neighbour's, as those of a sweep do: how well it reads after a part of the
/// steps that one from nothing has had, and after as many.
///
/// Small, but of the real thing: the network, the patterns and the validation of `ewald train pacbed`, over thin
/// crystals and small discs.
enum TransferSuite {
  static func run() async -> [Measurement] {
    do {
      return try measure()
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  private static let steps = 200
  private static let shares = [8, 4, 2, 1]

  private static func measure() throws -> [Measurement] {
    let silicon = try Crystal(known: "silicon")
    let parent = try trained(silicon, steps: steps, from: nil)
    var rows = [row("silicon, from nothing", steps, parent)]
    let children = [
      ("silicon, cell 2 % larger", try scaled(silicon, by: 1.02)),
      ("gallium arsenide", try Crystal(known: "gallium-arsenide")),
    ]
    for (name, crystal) in children {
      let alone = try trained(crystal, steps: steps, from: nil)
      rows.append(row("\(name), from nothing", steps, alone))
      var enough: Result?
      for share in shares {
        let after = try trained(crystal, steps: steps / share, from: parent.weights)
        rows.append(row("\(name), from silicon", steps / share, after))
        if after.score.mean <= alone.score.mean {
          enough = after
          break
        }
      }
      if let enough {
        rows.append(
          Measurement(
            "\(name): saved at the same figure", 100 * (1 - enough.seconds / alone.seconds), "% of the time"))
      }
    }
    return rows
  }

  private struct Result {
    var score: PatternScore
    var weights: Weights
    var seconds: Double
  }

  private static func row(_ name: String, _ steps: Int, _ result: Result) -> Measurement {
    Measurement("\(name), \(steps) steps: mean error of the thickness", result.score.mean, "%")
  }

  private static func trained(_ crystal: Crystal, steps: Int, from start: Weights?) throws -> Result {
    var training = PACBEDTraining(
      ModelDomain(crystal: crystal, kilovolts: 80, convergence: 8...10, thickness: 0...20, mistilt: 0...2))
    training.steps = steps
    training.interval = steps
    training.threads = 2
    training.start = start
    let tables = try training.tables()
    let before = processorSeconds()
    var score = PatternScore([], try PatternNetwork(training.domain))
    let output = try training.run(
      tables: tables,
      report: { progress in
        if let last = progress.score { score = last }
      })
    return Result(score: score, weights: output.model.weights, seconds: processorSeconds() - before)
  }

  private static func scaled(_ crystal: Crystal, by factor: Double) throws -> Crystal {
    var larger = crystal
    guard
      let cell = UnitCell(a: crystal.cell.a * factor, b: crystal.cell.b * factor, c: crystal.cell.c * factor)
    else { throw ScatteringError.parameter("a larger cell of \(crystal.name) is none") }
    larger.cell = cell
    return larger
  }
}

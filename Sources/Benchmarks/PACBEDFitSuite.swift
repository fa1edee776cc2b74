import Arrays
import PACBED
import Scattering

/// The fit by itself: from starts that lie about the truth, on abTEM's patterns and on the table's own.
enum PACBEDFitSuite {
  static func run() async -> [Measurement] {
    do {
      return try measure()
    } catch {
      return [Measurement("failed: \(error)", .nan, "")]
    }
  }

  static let domains: [String: ModelDomain] = {
    var domains: [String: ModelDomain] = [:]
    domains["rutile"] = (try? Crystal(known: "rutile")).map {
      ModelDomain(crystal: $0, kilovolts: 80, convergence: 15...25)
    }
    domains["sto"] = (try? Crystal(known: "strontium-titanate")).map {
      ModelDomain(crystal: $0, kilovolts: 300, convergence: 15...25)
    }
    domains["beryl_orth"] = (try? Crystal(known: "beryl")).map {
      ModelDomain(crystal: $0, kilovolts: 300, convergence: 5...10, mistilt: 0...5)
    }
    return domains
  }()

  private static func measure() throws -> [Measurement] {
    var rows: [Measurement] = []
    var tables: [String: PACBEDTable] = [:]
    for reference in PACBEDReference.all() {
      guard let domain = domains[reference.crystal] else { continue }
      let request = try domain.tableRequest()
      let table =
        try tables[reference.crystal] ?? TableCache.standardTable(for: request)
      tables[reference.crystal] = table
      let (image, pixel) = reference.square
      var frame: CameraFrame
      do {
        frame = try CameraFrame(image, ceiling: nil)
      } catch {
        rows.append(Measurement("\(reference.name): \(error)", .nan, ""))
        continue
      }
      let found = seconds()
      frame.findDisc(radius: nil)
      let search = (seconds() - found) * 1e3
      let pitch = ModelDomain.field * reference.convergence / 32
      let half = Vector2(Double(image.rows / 2), Double(image.columns / 2))
      let view = frame.view(centre: half, step: pitch / pixel, pitch: pitch)
      let fit = PatternFit(table: table, image: view, statedConvergence: reference.convergence)
      var best: PatternFit.Result?
      let start = seconds()
      var count = 0
      for factor in [0.95, 1.0, 1.05] {
        var p = PatternParameters(
          thickness: reference.thickness * factor, mistilt: reference.mistilt + Vector2(0.5, -0.4),
          convergence: reference.convergence)
        p.rotationDegrees = 2
        p.shift = [0.4, -0.3]
        p.scale = 1.01
        let result = fit.run(from: p)
        count += result.steps
        if result.match > best?.match ?? 0 { best = result }
      }
      let took = (seconds() - start) / Double(max(1, count)) * 1e3
      guard let best else { continue }
      let p = best.parameters
      func short(_ x: Double) -> Double { (x * 1000).rounded() / 1000 }
      rows.append(
        Measurement(
          "\(reference.name): R \(short(best.match)) tilt off \(short((p.mistilt - reference.mistilt).length)) a \(short(p.convergence)) s \(short(p.scale)) rot \(short(p.rotationDegrees)) frame centre off \(short((frame.centre - half).length)) r \(short(frame.radius * pixel / reference.convergence)) in \(short(search)) ms; \(short(took)) ms/step; t error",
          p.thickness - reference.thickness, "nm of \(short(reference.thickness))"))
    }
    return rows
  }
}

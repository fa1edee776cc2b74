import JSON
import System
import Arrays
import Diffraction
import Glibc
import Scattering

/// A precession scan of small crystals with known truth: kinematic positions, two-beam intensities by local
/// thickness, carbon and glare, descan, Poisson noise, eight bits.
package struct SPEDSimulation: Sendable {
  package var crystal: Scattering.Crystal
  package var specimen: Specimen
  package var scanWidth = 32
  package var scanHeight = 26
  /// nm between scan points.
  package var step = 6.0
  package var detector = 72
  /// 1/Å per pixel.
  package var pixel = 0.0649
  package var kilovolts = 200.0
  package var precessionMilliradians = 16.0
  package var electrons = 16_000.0
  /// Standard deviation of a spot in pixels.
  package var spotSigma = 0.7
  /// Pixels by which the direct beam wanders over the scan.
  package var descan = Vector2(1.3, 0.8)
  package var seed: UInt64 = 1

  fileprivate struct Prepared: Sendable {
    var particle: Particle
    var tables: [SpotTable]
  }

  package init(crystal: Scattering.Crystal, specimen: Specimen) {
    self.crystal = crystal
    self.specimen = specimen
  }

  package struct Truth: Sendable {
    /// By crystal: 1 where at least half of a point has more than 5 nm of it.
    package var masks: [Pixels]
    /// By crystal: electrons of its spots, averaged over it.
    package var patterns: [Pixels]
    package var descan: [Pixels]
  }

  /// Makes patterns one by one; the tables of all crystals are computed here.
  package struct Maker: Sendable {
    fileprivate let simulation: SPEDSimulation
    fileprivate let prepared: [Prepared]

    /// The pattern at a scan point; the same whenever it is asked for.
    package func pattern(_ point: Int) -> Pixels {
      var random = RandomNumbers(seed: simulation.seed).stream(point)
      let expected = expectation(point)
      let counts = expected.map { UInt8(min(255, random.poisson($0))) }
      return Pixels(width: simulation.detector, height: simulation.detector, values: counts)
    }
  }

  package func maker() -> Maker {
    let beam = ElectronBeam(kilovolts: kilovolts)
    let reach = Double(detector) / 2 * pixel
    let prepared = parallelMap(specimen.particles.count) { i in
      let particle = specimen.particles[i]
      let number = particle.bend == 0 ? 1 : 9
      let tables = (0..<number).map { b in
        let angle = number == 1 ? 0 : particle.bend * (Double(b) / Double(number - 1) - 0.5) * .pi / 180
        let turn = Matrix3(rows: [cos(angle), 0, sin(angle)], [0, 1, 0], [-sin(angle), 0, cos(angle)])
        return SpotTable(
          crystal, turn * particle.orientation, beam: beam, precession: precessionMilliradians * 1e-3,
          reach: reach, thickest: 1.8 * particle.size)
      }
      return Prepared(particle: particle, tables: tables)
    }
    return Maker(simulation: self, prepared: prepared)
  }
}

extension SPEDSimulation.Maker {
  /// Where the direct beam falls: it wanders over the scan.
  package func beam(_ point: Int) -> Vector2 {
    let s = simulation
    let u = Double(point % s.scanWidth) / Double(max(1, s.scanWidth - 1)) - 0.5
    let v = Double(point / s.scanWidth) / Double(max(1, s.scanHeight - 1)) - 0.5
    return Vector2(
      Double(s.detector / 2) + s.descan.x * u + 0.3 * v + 0.3 * u * u,
      Double(s.detector / 2) + s.descan.y * v - 0.4 * u - 0.3 * v * v)
  }

  /// Four places in every scan point, so that edges cover points in part.
  private func places(_ point: Int) -> [(x: Double, y: Double)] {
    let s = simulation
    let (x, y) = (Double(point % s.scanWidth), Double(point / s.scanWidth))
    return [0.25, 0.75].flatMap { v in [0.25, 0.75].map { u in ((x + u) * s.step, (y + v) * s.step) } }
  }

  fileprivate func expectation(_ point: Int) -> [Double] {
    let s = simulation
    let n = s.detector
    let centre = beam(point)
    var image = [Double](repeating: 0, count: n * n)
    var (direct, film, diffuse) = (0.0, 0.0, 0.0)
    let places = places(point)
    for (x, y) in places {
      let share = s.electrons / Double(places.count)
      var open = 1.0
      let carbon = s.specimen.film * holes(x, y)
      for item in prepared {
        let t = item.particle.thickness(x, y)
        guard t > 0 else { continue }
        let table = item.table(x)
        let loss = exp(-t / 400)
        let values = table.values(t)
        for (place, value) in zip(table.places, values) {
          let electrons = share * open * loss * value * (1 - carbon)
          if electrons > 0.01 {
            Self.add(electrons, place / s.pixel + centre, s.spotSigma, n, &image)
          }
        }
        diffuse += 0.6 * share * open * (1 - loss)
        open *= loss * max(0.05, 1 - values.reduce(0, +))
      }
      film += share * carbon
      direct += share * open * (1 - carbon)
    }
    Self.add(0.97 * direct, centre, s.spotSigma, n, &image)
    for y in 0..<n {
      for x in 0..<n {
        let k = (Vector2(Double(x), Double(y)) - centre).length * s.pixel
        image[y * n + x] +=
          s.pixel * s.pixel
          * (film * Self.carbon(k) + 0.03 * direct * Self.glare(k) + diffuse * Self.thermal(k))
      }
    }
    return image
  }

  private func holes(_ x: Double, _ y: Double) -> Double {
    simulation.specimen.holes.reduce(1) { film, hole in
      film / (1 + exp((hole.radius - (Vector2(x, y) - hole.centre).length) / 4))
    }
  }

  private static func add(
    _ electrons: Double, _ place: Vector2, _ sigma: Double, _ n: Int, _ image: inout [Double]
  ) {
    let reach = Int((4 * sigma).rounded(.up)) + 1
    let (cx, cy) = (Int(place.x.rounded()), Int(place.y.rounded()))
    for y in within(0..<n, cy - reach, cy + reach + 1) {
      for x in within(0..<n, cx - reach, cx + reach + 1) {
        let (dx, dy) = (Double(x) - place.x, Double(y) - place.y)
        image[y * n + x] +=
          electrons / (2 * .pi * sigma * sigma) * exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
      }
    }
  }

  /// Densities per 1/Å² whose integrals are one: a halo with two rings, the glare of the lenses, and
  /// thermal diffuse scattering.
  private static func carbon(_ k: Double) -> Double {
    let halo = 0.9 / pow(1 + k * k / 0.01, 2) + 0.03 / pow(1 + k * k / 0.49, 2)
    let first = 0.16 * exp(-pow((k - 0.48) / 0.07, 2) / 2)
    let second = 0.06 * exp(-pow((k - 0.84) / 0.1, 2) / 2)
    // The sum of the four integrals over the plane.
    return (halo + first + second) / 0.237
  }
  private static func glare(_ k: Double) -> Double { pow(1 + k * k / 0.0025, -1.5) / (2 * .pi * 0.0025) }
  private static func thermal(_ k: Double) -> Double { pow(1 + k * k / 0.1225, -2) / (.pi * 0.1225) }

  package func truth() -> SPEDSimulation.Truth {
    let s = simulation
    let points = s.scanWidth * s.scanHeight
    let n = s.detector
    var masks: [Pixels] = []
    var patterns: [Pixels] = []
    for item in prepared {
      var mask = [UInt8](repeating: 0, count: points)
      var sum: [Double] = []
      var image = [Double](repeating: 0, count: n * n)
      var number = 0
      for p in 0..<points {
        let thick = places(p).map { ($0.x, item.particle.thickness($0.x, $0.y)) }.filter { $0.1 > 5 }
        if thick.count >= 2 { mask[p] = 1 }
        for (x, t) in thick {
          number += 1
          let table = item.table(x)
          sum = table.values(t)
          for (place, value) in zip(table.places, sum) {
            let electrons = s.electrons * value * exp(-t / 400)
            if electrons > 0.01 {
              let middle = Vector2(Double(n / 2), Double(n / 2))
              Self.add(electrons, place / s.pixel + middle, s.spotSigma, n, &image)
            }
          }
        }
      }
      masks.append(Pixels(width: s.scanWidth, height: s.scanHeight, values: mask))
      patterns.append(
        Pixels(width: n, height: n, values: image.map { Float($0 / Double(max(1, number))) }))
    }
    let beams = (0..<points).map { beam($0) - Vector2(Double(n / 2), Double(n / 2)) }
    return SPEDSimulation.Truth(
      masks: masks, patterns: patterns,
      descan: [
        Pixels(width: s.scanWidth, height: s.scanHeight, values: beams.map { Float($0.x) }),
        Pixels(width: s.scanWidth, height: s.scanHeight, values: beams.map { Float($0.y) }),
      ])
  }

  /// What was simulated, for those who score against it.
  package func cases(name: String) -> String {
    let s = simulation
    var json = JSONWriter()
    json.object { json in
      json.key("cases")
      json.array { json in
        json.object { json in
          json.member("name", name)
          json.member("scan_xy", [s.scanWidth, s.scanHeight])
          json.member("step_nm", s.step)
          json.line(indent: 2)
          json.member("detector_px", s.detector)
          json.member("pixel_invA", s.pixel)
          json.member("kV", s.kilovolts)
          json.member("precession_mrad", s.precessionMilliradians)
          json.member("electrons_per_pattern", s.electrons)
          json.member("spot_sigma_px", s.spotSigma)
          json.line(indent: 2)
          json.member("crystal", s.crystal.name)
          json.member("seed", s.seed)
          json.line(indent: 2)
          json.key("files")
          json.object { json in
            json.member("patterns", "\(name).blo")
            for what in ["masks", "patterns", "descan_px"] {
              json.member("truth_\(what)", "\(name)_truth_\(what).tif")
            }
          }
          json.line(indent: 2)
          json.key("particles")
          json.array { json in
            for (i, item) in prepared.enumerated() {
              json.line(indent: 4)
              json.object { item.particle.encode(into: &$0, id: "P\(i + 1)") }
            }
          }
        }
      }
    }
    return json.text + "\n"
  }
}

extension SPEDSimulation.Prepared {
  /// The table of the orientation at a place: a bent particle has one for every ninth of its width.
  fileprivate func table(_ x: Double) -> SpotTable {
    let u = (x - particle.centre.x) / (particle.size * 1.1) + 0.5
    return tables[min(tables.count - 1, max(0, Int((u * Double(tables.count - 1)).rounded())))]
  }
}

extension Particle {
  fileprivate func encode(into json: inout JSONWriter, id: String) {
    func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
    json.member("id", id)
    json.member("shape", shape.rawValue)
    json.member("size_nm", rounded(size))
    json.member("centre_nm", [rounded(centre.x), rounded(centre.y)])
    json.member("bend_deg", bend)
  }
}

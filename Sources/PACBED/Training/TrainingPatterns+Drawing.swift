import System
import Glibc  // sin, cos, exp, log, pow
import Scattering

extension TrainingPatterns {
  /// The patterns of a range within one group as a camera sees them, 64 x 64 each, before their quarter
  /// turns; the truths are those after them.
  func fill(_ range: Range<Int>, _ images: UnsafeMutablePointer<Float>) -> [Truth] {
    let group = range.lowerBound / Self.group
    var shared = random.stream(2 * group)
    let common = drawCommon(&shared)
    var streams = range.map { random.stream(2 * $0 + 1) }
    let thicknesses = streams.indices.map { drawThickness(&streams[$0]) }
    tables[common.table].fillPatterns(
      common.geometry, common.illumination, thicknesses: thicknesses, into: images)
    let count = PatternNetwork.size * PatternNetwork.size
    return streams.indices.map { i in
      let strength = min(1, Double(range.lowerBound + i + 1) / Double(max(1, disturbances.calm)))
      let noise = camera(images + i * count, common.geometry.centre, strength, &streams[i])
      let turns = (range.lowerBound + i) % 4
      let middle = Double(PatternNetwork.size - 1) / 2
      let azimuth =
        atan2(common.illumination.mistilt.y, common.illumination.mistilt.x) * 180 / .pi
        + common.geometry.rotationDegrees + 90 * Double(turns)
      return Truth(
        thickness: thicknesses[i], convergence: common.illumination.convergence,
        statedConvergence: common.stated, mistilt: common.illumination.mistilt,
        azimuthDegrees: azimuth - 360 * (azimuth / 360).rounded(.down),
        rotationDegrees: common.geometry.rotationDegrees + 90 * Double(turns), scale: common.scale,
        shift: QuarterTurn.turn(common.geometry.centre - Vector2(middle, middle), by: turns), noise: noise)
    }
  }

  struct Common {
    var geometry: PatternGeometry
    var illumination: Illumination
    var stated: Double
    var scale: Double
    var table: Int
  }

  func drawCommon(_ random: inout RandomNumbers) -> Common {
    let size = PatternNetwork.size
    let convergence = random.uniform(in: domain.convergence)
    let error = random.uniform(in: -ModelDomain.convergenceError...ModelDomain.convergenceError)
    let stated = convergence * (1 + error)
    let range = ModelDomain.scale
    let scale = exp(random.uniform(in: log(range.lowerBound)...log(range.upperBound)))
    let pitch = ModelDomain.field * stated / (Double(size) / 2) * scale
    let tilt = random.uniform(in: domain.mistilt)
    let azimuth = random.uniform(in: 0...2 * .pi)
    let strength = random.uniform(in: 0...disturbances.distortion)
    let direction = random.uniform(in: 0...2 * .pi)
    let middle = Double(size - 1) / 2
    let shift = -NetworkImage.shift...NetworkImage.shift
    let centre = Vector2(middle + random.uniform(in: shift), middle + random.uniform(in: shift))
    return Common(
      geometry: PatternGeometry(
        rows: size, columns: size, pitch: [pitch, pitch], centre: centre,
        rotationDegrees: random.uniform(in: 0...360),
        distortion: [strength * cos(direction), strength * sin(direction)]),
      illumination: Illumination(
        convergence: convergence, mistilt: [tilt * cos(azimuth), tilt * sin(azimuth)],
        edge: .intensity(width: pitch * random.uniform(in: 1...2.5))),
      stated: stated, scale: scale, table: random.integer(below: tables.count))
  }

  func drawThickness(_ random: inout RandomNumbers) -> Double {
    // Nothing scatters in no crystal: patterns thinner than a third of a nanometre are all alike.
    let low = max(0.3, domain.thickness.lowerBound)
    var high = domain.thickness.upperBound
    if random.uniform() < disturbances.thin { high = low + (high - low) / 5 }
    return random.uniform(in: low...high)
  }

  /// What a camera adds, in place, in units of the brightest pixel. Answers the strength of the noise.
  private func camera(
    _ pixels: UnsafeMutablePointer<Float>, _ centre: Vector2, _ strength: Double,
    _ random: inout RandomNumbers
  ) -> Double {
    let d = disturbances
    let size = PatternNetwork.size
    let count = size * size
    blur(pixels, &random)
    var peak: Float = 0
    for i in 0..<count { peak = max(peak, pixels[i]) }
    guard peak > 0 else { return 0 }
    let background = Float(random.uniform(in: 0...d.background))
    let haze = Float(random.uniform(in: 0...d.haze) * random.uniform())
    // 0.6 to 2 times the disc's radius.
    let width = Double(size) / 2 / ModelDomain.field * random.uniform(in: 0.6...2)
    let sigma = Float(strength * d.noise * pow(random.uniform(), d.noisePower))
    let electrons = exp(random.uniform(in: log(d.electrons.lowerBound)...log(d.electrons.upperBound)))
    var rows = [Float](repeating: 0, count: size)
    var columns = rows
    for i in 0..<size {
      let y = (Double(i) - centre.x) / width
      let x = (Double(i) - centre.y) / width
      rows[i] = haze * Float(exp(-y * y / 2))
      columns[i] = Float(exp(-x * x / 2))
    }
    var sum: Float = 0
    for r in 0..<size {
      for c in 0..<size {
        let v = pixels[r * size + c] / peak + background + rows[r] * columns[c]
        pixels[r * size + c] = v
        sum += v
      }
    }
    // Counting noise by its normal limit, together with the reading noise.
    let counting = Float(strength * Double(sum) / electrons)
    let reading = sigma * sigma
    for i in 0..<count {
      let v = pixels[i]
      pixels[i] = v + Float(random.normal()) * (reading + v * counting).squareRoot()
    }
    if random.uniform() < d.saturated {
      let ceiling = Float(random.uniform(in: 0.6...1))
      for i in 0..<count { pixels[i] = min(pixels[i], ceiling) }
    }
    if random.uniform() < d.hot {
      for _ in 0...random.integer(below: 4) {
        pixels[random.integer(below: count)] = Float(random.uniform() * 2)
      }
    }
    return Double((reading + counting * 0.3).squareRoot())
  }

  /// What plasmons and the detector smear, in place.
  private func blur(_ pixels: UnsafeMutablePointer<Float>, _ random: inout RandomNumbers) {
    guard disturbances.blur > 0 || disturbances.plasmons > 0 else { return }
    let size = PatternNetwork.size
    let radius = Double(size) / 2 / ModelDomain.field
    func variance(_ radii: Double) -> Double { radii * radius * radii * radius }
    let share = Float(random.uniform(in: 0...disturbances.plasmons))
    let width = random.uniform(in: disturbances.plasmonWidth)
    let camera = random.uniform(in: 0...disturbances.blur)
    let pattern = UnsafeMutableBufferPointer(start: pixels, count: size * size)
    if share > 0 {
      var lossy = Array(pattern)
      DetectorBlur.apply(variance(width), to: &lossy, rows: size, columns: size)
      for i in lossy.indices { pattern[i] += share * (lossy[i] - pattern[i]) }
    }
    if camera > 0 {
      var seen = Array(pattern)
      DetectorBlur.apply(variance(camera), to: &seen, rows: size, columns: size)
      for i in seen.indices { pattern[i] = seen[i] }
    }
  }
}

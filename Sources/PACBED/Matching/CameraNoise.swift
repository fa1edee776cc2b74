import Arrays
import Scattering

/// The camera's noise, measured where it arises: between neighbouring pixels of the frame, before they are
/// averaged into the image that is fitted. In that image neighbours are correlated, and differences see too little.
struct CameraNoise {
  /// Variance of a pixel of the fitted image, in its units squared.
  let variance: Double

  /// `pattern` is what was fitted, on the frame's pixels, where these are so coarse that it changes from one to the
  /// next. Brightness sorts pixels into classes, since counts scatter more where there are more of them; in each a
  /// median is safe from edges and hot pixels.
  init(_ frame: CameraFrame, centre: Vector2, step: Double, pattern: Matrix?, view: FitImage) {
    let (rows, columns) = (frame.image.rows, frame.image.columns)
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    let reach = NetworkImage.radius * step
    var isCounted = [Bool](repeating: false, count: size * size)
    for index in view.counted { isCounted[Int(index)] = true }
    var seen: [(brightness: Float, difference: Float)] = []
    func second(_ m: UnsafePointer<Float>, _ i: Int) -> Float {
      let edges = m[i - 1] + m[i + 1] + m[i - columns] + m[i + columns]
      let corners = m[i - columns - 1] + m[i - columns + 1] + m[i + columns - 1] + m[i + columns + 1]
      return corners - 2 * edges + 4 * m[i]
    }
    let least = pattern.map { $0.count == frame.image.count } ?? false ? pattern : nil
    frame.image.withElements { m in
      for r in span(of: rows, around: centre.x, reach: reach) where r > 0 && r + 1 < rows {
        for c in span(of: columns, around: centre.y, reach: reach) where c > 0 && c + 1 < columns {
          let i = r * columns + c
          let y = Int(bounded: ((Double(r) - centre.x) / step + middle).rounded())
          let x = Int(bounded: ((Double(c) - centre.y) / step + middle).rounded())
          guard y >= 0, x >= 0, y < size, x < size, isCounted[y * size + x], !frame.isBad[i] else { continue }
          var difference = second(m, i)
          if let least { least.withElements { difference -= second($0, i) } }
          seen.append((view.pixels[y * size + x], abs(difference)))
        }
      }
    }
    guard seen.count > 64 else {
      let noise = view.noise * view.amplitude
      variance = noise * noise
      return
    }
    seen.sort { $0.brightness < $1.brightness }
    let classes = min(16, seen.count / 32)
    var sum = 0.0
    for number in 0..<classes {
      let part = seen[number * seen.count / classes..<(number + 1) * seen.count / classes]
      let sorted = part.map(\.difference).sorted()
      let sigma = Double(sorted[sorted.count / 2]) / 0.6745 / 6
      sum += sigma * sigma / Double(classes)
    }
    variance = sum * frame.gain(centre: centre, step: step)
  }
}

extension CameraFrame {
  /// What averaging leaves of the variance of independent pixels, in the mean over an image cut out at `centre`.
  func gain(centre: Vector2, step: Double) -> Double {
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    let samples = Self.samples(step)
    func along(_ centre: Double) -> Double {
      var sum = 0.0
      for r in 0..<size {
        var weights: [Int: Double] = [:]
        for a in 0..<samples {
          let y = Self.sample(Double(r) - middle, a, samples) * step + centre
          let below = y.rounded(.down)
          let part = y - below
          weights[Int(bounded: below), default: 0] += (1 - part) / Double(samples)
          weights[Int(bounded: below) + 1, default: 0] += part / Double(samples)
        }
        sum += weights.values.reduce(0) { $0 + $1 * $1 } / Double(size)
      }
      return sum
    }
    return along(centre.x) * along(centre.y)
  }

  /// Samples of a pixel along an edge.
  static func samples(_ step: Double) -> Int { max(1, min(12, Int(bounded: step.rounded(.up)))) }

  /// Where sample `number` of a pixel lies, in pixels.
  static func sample(_ pixel: Double, _ number: Int, _ samples: Int) -> Double {
    pixel + (Double(number) + 0.5) / Double(samples) - 0.5
  }
}

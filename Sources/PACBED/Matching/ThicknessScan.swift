import Arrays
import Glibc  // log

/// How well a pattern of every thickness matches, all else as it is: one pass over the table's rows serves
/// all thicknesses. A quarter of the pixels is enough to find the minima, a sixteenth to
/// tell good directions from bad ones.
struct ThicknessScan: Sendable {
  let thicknesses: [Double]
  /// Multiple correlations.
  let matches: [Double]

  /// `image` is the image that `p` belongs to, halved once or twice.
  init(_ table: PACBEDTable, _ image: FitImage, _ p: PatternParameters, thicknesses: [Double]) {
    self.thicknesses = thicknesses
    var p = p
    let size = image.edge
    let halving = Double(FitImage.size / size)
    p.shift = p.shift / halving
    let count = size * size
    var images = [Float](repeating: 0, count: count * thicknesses.count)
    let pass = PatternPass(
      table, p.geometry(size: size, pitch: image.pitch), p.illumination(pitch: 1.6 * image.pitch / halving),
      thicknesses: thicknesses)
    images.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { pass.fill(rows: 0..<size, images: base) }
    }
    let basis = LinearBasis(
      image, shift: p.shift, convergencePixels: p.convergence / (image.pitch * p.scale))
    let total = max(basis.totalSquares, 1e-30)
    var matches: [Double] = []
    matches.reserveCapacity(thicknesses.count)
    images.withUnsafeBufferPointer { images in
      for t in thicknesses.indices {
        var model = image.counted.map { images[t * count + Int($0)] }
        basis.project(&model)
        let squares = LinearBasis.dot(model, model)
        let product = LinearBasis.dot(basis.rest, model)
        let explained = product > 0 && squares > 0 ? product * product / squares : 0
        matches.append(max(0, 1 - (basis.restSquares - explained) / total).squareRoot())
      }
    }
    self.matches = matches
  }

  /// Indices of local maxima, best first.
  var summits: [Int] {
    matches.indices.filter { i in
      (i == 0 || matches[i] >= matches[i - 1]) && (i + 1 == matches.count || matches[i] > matches[i + 1])
    }.sorted { matches[$0] > matches[$1] }
  }

  /// Thicknesses that are near enough to each other to find every minimum.
  static func axis(_ range: ClosedRange<Double>) -> [Double] {
    var axis: [Double] = []
    var t = max(0.3, range.lowerBound)
    while t <= range.upperBound {
      axis.append(t)
      t += t < 20 ? 0.4 : 0.8
    }
    return axis
  }
}

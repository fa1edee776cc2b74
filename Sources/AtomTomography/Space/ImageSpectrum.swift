import Arrays
import Glibc

/// The Fourier transforms of the images, about a common centre, as far out as Bragg spots of atoms can be seen: each is a
/// plane through the transform of the crystal.
struct ImageSpectrum {
  /// The wave numbers reach from -limit to limit.
  private let limit: Double
  private let step: Double
  private let side: Int
  private var real: [Double]
  private var imaginary: [Double]

  init(_ images: ProjectionImages, centre: SIMD3<Double>, radius: Double, limit: Double) {
    self.limit = limit
    // Fine enough for straight lines between neighbours: the transform of a crystal changes over 1 / (2 radius).
    step = max(1 / (12 * max(radius, images.pitch)), limit / 150)
    let half = Int(bounded: (limit / step).rounded(.up)) + 1
    let side = 2 * half + 1
    self.side = side
    let (width, height, step) = (images.width, images.height, step)
    @Sendable func waves(_ count: Int, _ start: Double, _ origin: Double) -> (
      cosines: [Double], sines: [Double]
    ) {
      var (cosines, sines) = ([Double](), [Double]())
      for k in -half...half {
        for at in 0..<count {
          let turn = -2 * Double.pi * step * Double(k) * (start + images.pitch * Double(at) - origin)
          cosines.append(cos(turn))
          sines.append(sin(turn))
        }
      }
      return (cosines, sines)
    }
    let rows = waves(height, images.start.y, centre.y)
    let planes = parallelMap(images.angles.count) { index -> ([Double], [Double]) in
      let columns = waves(width, images.start.x, images.directions[index].coordinate(centre.x, centre.z))
      let image = Array(images.image(index))
      // Along the rows, then across them.
      var (re, im) = (
        [Double](repeating: 0, count: side * height), [Double](repeating: 0, count: side * height)
      )
      for k in 0..<side {
        for row in 0..<height {
          var (a, b) = (0.0, 0.0)
          for at in 0..<width {
            a += image[row * width + at] * columns.cosines[k * width + at]
            b += image[row * width + at] * columns.sines[k * width + at]
          }
          (re[k * height + row], im[k * height + row]) = (a, b)
        }
      }
      var (real, imaginary) = ([Double](), [Double]())
      for l in 0..<side {
        for k in 0..<side {
          var (a, b) = (0.0, 0.0)
          for row in 0..<height {
            let (c, s) = (rows.cosines[l * height + row], rows.sines[l * height + row])
            let (x, y) = (re[k * height + row], im[k * height + row])
            a += x * c - y * s
            b += x * s + y * c
          }
          real.append(images.area * a)
          imaginary.append(images.area * b)
        }
      }
      return (real, imaginary)
    }
    real = planes.flatMap(\.0)
    imaginary = planes.flatMap(\.1)
  }

  /// Of one image at a wave vector in its plane; nil further out.
  @inline(__always)
  func value(_ image: Int, _ wave: SIMD2<Double>) -> SIMD2<Double>? {
    let half = Double(side / 2)
    let at = wave / step + SIMD2(repeating: half)
    guard at.x >= 0, at.y >= 0, at.x < Double(side - 1), at.y < Double(side - 1) else { return nil }
    let (column, row) = (Int(at.x), Int(at.y))
    let (x, y) = (at.x - Double(column), at.y - Double(row))
    let first = (image * side + row) * side + column
    func mean(_ table: [Double]) -> Double {
      let upper = table[first] + x * (table[first + 1] - table[first])
      let lower = table[first + side] + x * (table[first + side + 1] - table[first + side])
      return upper + y * (lower - upper)
    }
    return SIMD2(mean(real), mean(imaginary))
  }
}

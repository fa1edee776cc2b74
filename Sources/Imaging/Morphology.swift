import Arrays

/// What lies outside the image counts as background in both operations.
extension DenseMatrix where Element == Bool {
  /// Foreground whose whole disc of radius `radius` is foreground.
  package func eroded(byDisc radius: Int) -> Mask { morphology(radius, erode: true) }

  /// Everything within `radius` of the foreground.
  package func dilated(byDisc radius: Int) -> Mask { morphology(radius, erode: false) }

  // A disc is a stack of horizontal runs, one half-width w(dy) a row. For each half-width in turn the rows are
  // eroded across by runs of that half-width (each reusing the one before), then combined down the rows
  // that use it. Erosion is dilation of the complement, so both are one loop over bytes of 0 and 1.
  private func morphology(_ radius: Int, erode: Bool) -> Mask {
    precondition(radius >= 0, "a disc has a radius")
    let (rows, columns) = (self.rows, self.columns)
    let margin = radius + 16
    let stride = (columns + 2 * margin + 15) / 16 * 16
    let outside: UInt8 = erode ? 1 : 0
    // `spread` holds, for the complement or the foreground, the rows dilated across by the current half-width.
    let spread = UnsafeMutablePointer<UInt8>.allocate(capacity: rows * stride)
    let result = UnsafeMutablePointer<UInt8>.allocate(capacity: rows * stride)
    defer {
      spread.deallocate()
      result.deallocate()
    }
    spread.initialize(repeating: outside, count: rows * stride)
    result.initialize(repeating: 0, count: rows * stride)
    withElements { mask in
      let bytes = UnsafeRawPointer(mask).assumingMemoryBound(to: UInt8.self)
      for r in 0..<rows {
        let (from, to) = (bytes + r * columns, spread + r * stride + margin)
        if erode {
          for c in 0..<columns { to[c] = from[c] ^ 1 }
        } else {
          to.update(from: from, count: columns)
        }
      }
    }
    var previous = 0
    for half in 0...radius {
      // Rows of the disc whose half-width is `half`.
      let offsets = (0...radius).filter { Int(Double(radius * radius - $0 * $0).squareRoot()) == half }
      guard !offsets.isEmpty else { continue }
      while previous < half {
        widen(spread, rows: rows, stride: stride)
        previous += 1
      }
      for dy in offsets {
        for sign in dy == 0 ? [1] : [1, -1] {
          for r in 0..<rows {
            let source = r + sign * dy
            if source >= 0 && source < rows {
              combine(spread + source * stride, into: result + r * stride, stride)
            } else if erode {
              (result + r * stride).update(repeating: 1, count: stride)
            }
          }
        }
      }
    }
    return Mask(rows: rows, columns: columns) { out in
      let flip: UInt8 = erode ? 1 : 0
      let bytes = UnsafeMutableRawPointer(out.baseAddress.unsafelyUnwrapped).assumingMemoryBound(
        to: UInt8.self)
      for r in 0..<rows {
        let (from, to) = (result + r * stride + margin, bytes + r * columns)
        for c in 0..<columns { to[c] = from[c] ^ flip }
      }
    }
  }
}

/// Every row dilated by one pixel to each side.
private func widen(_ rows: UnsafeMutablePointer<UInt8>, rows count: Int, stride: Int) {
  for r in 0..<count {
    let raw = UnsafeMutableRawPointer(rows + r * stride)
    // The last block's old values are needed by the next one's left neighbour.
    var before: UInt8 = rows[r * stride]
    var c = 0
    while c < stride {
      let here = raw.loadUnaligned(fromByteOffset: c, as: SIMD16<UInt8>.self)
      var left = c > 0 ? raw.loadUnaligned(fromByteOffset: c - 1, as: SIMD16<UInt8>.self) : here
      left[0] = before
      before = here[15]
      var right = here
      if c + 16 < stride { right = raw.loadUnaligned(fromByteOffset: c + 1, as: SIMD16<UInt8>.self) }
      raw.storeBytes(of: here | left | right, toByteOffset: c, as: SIMD16<UInt8>.self)
      c += 16
    }
  }
}

private func combine(_ from: UnsafePointer<UInt8>, into to: UnsafeMutablePointer<UInt8>, _ count: Int) {
  let (source, target) = (UnsafeRawPointer(from), UnsafeMutableRawPointer(to))
  var c = 0
  while c < count {
    let value =
      source.loadUnaligned(fromByteOffset: c, as: SIMD16<UInt8>.self)
      | target.loadUnaligned(fromByteOffset: c, as: SIMD16<UInt8>.self)
    target.storeBytes(of: value, toByteOffset: c, as: SIMD16<UInt8>.self)
    c += 16
  }
}
